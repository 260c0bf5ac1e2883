/**
 * Sessions kept between scoring calls on samples in memory. Planning, compiling and linking take longer than scoring a
 * few samples, so a call's session is kept for the next one of the same form. Calls run in one thread, so simultaneous
 * calls on a model wait for each other instead of each taking a memory, and similar ones are scored together: a
 * sample's scores do not depend on its neighbours.
 */
import type { Field } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { columnsOf, type Columns } from '../feed/columns.js';
import type { Scored } from '../step/graphs.js';
import { mayWaitForOthers } from '#platform/system';
import { createSession, type Session, type Weights } from './session.js';

/** An idle session, and the calls it fits. */
interface Kept {
  readonly model: Model;
  /** The columns, the output and the rounding. */
  readonly form: string;
  readonly loss: Scored['loss'];
  readonly session: Session;
}

/** Bound on the memory of all models' kept sessions together. */
const MOST_BYTES = 2 ** 25;
const MOST_SESSIONS = 8;

/** Kept sessions, the last used one last. */
let kept: Kept[] = [];

export interface ScoreRequest {
  readonly model: Model;
  readonly weights: Weights;
  readonly scored: Scored;
  readonly numerics: Numerics;
  readonly data: Samples;
}

/** A call that waits for earlier ones. */
interface Waiting {
  readonly request: ScoreRequest;
  readonly form: string | undefined;
  readonly resolve: (scores: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

/** Queues of the models with calls in progress. */
const queues = new WeakMap<Model, Waiting[]>();

/**
 * Largest number of calls scored as one, if they are similar and have few samples each. A session is planned for a
 * number of samples.
 */
const GATHERED = 16;
const FEW = 8;

/** One row of scores per sample, computed in the calling thread. */
export async function scoreSamples(request: ScoreRequest): Promise<Float32Array> {
  const { model, scored, numerics, data } = request;
  const columns = columnsOf(model, [], data);
  const form = formOf(columns, scored.output, numerics);
  if (!mayWaitForOthers()) return score(request, columns, form);
  const queue = queues.get(model);
  if (queue) {
    // The caller may overwrite the arrays before it is their turn.
    const own = { ...request, data: joined([data]) };
    return new Promise((resolve, reject) => queue.push({ request: own, form, resolve, reject }));
  }
  const following: Waiting[] = [];
  queues.set(model, following);
  try {
    return await score(request, columns, form);
  } finally {
    if (following.length > 0) void workOff(model, following);
    else queues.delete(model);
  }
}

async function workOff(model: Model, queue: Waiting[]): Promise<void> {
  while (queue.length > 0) {
    const calls = takeAlike(queue);
    try {
      const scores = await scoreTogether(calls.map(({ request }) => request));
      const size = scores.length / calls.length;
      calls.forEach(({ resolve }, i) => resolve(scores.slice(i * size, (i + 1) * size)));
    } catch (error) {
      // An error in one call must not affect the others.
      if (calls.length === 1) calls[0]!.reject(error);
      else
        for (const call of calls)
          await scoreTogether([call.request]).then(call.resolve, call.reject);
    }
  }
  queues.delete(model);
}

/** The call that has waited longest, with similar ones up to the limit. */
function takeAlike(queue: Waiting[]): readonly Waiting[] {
  const [first] = queue as [Waiting];
  const { weights, scored } = first.request;
  const alike: Waiting[] = [];
  for (const call of queue) {
    const { request, form } = call;
    if (
      form !== undefined &&
      form === first.form &&
      request.weights === weights &&
      request.scored.loss === scored.loss
    )
      alike.push(call);
    if (alike.length === GATHERED) break;
  }
  const taken = alike.length === GATHERED && isSmall(first.request) ? alike : [first];
  if (queue[taken.length - 1] === taken.at(-1)) queue.splice(0, taken.length);
  else queue.splice(0, queue.length, ...queue.filter((call) => !taken.includes(call)));
  return taken;
}

const isSmall = ({ data }: ScoreRequest): boolean => data.count <= FEW;

function scoreTogether(requests: readonly ScoreRequest[]): Promise<Float32Array> {
  const [first] = requests as [ScoreRequest];
  const data = requests.length === 1 ? first.data : joined(requests.map((one) => one.data));
  const columns = columnsOf(first.model, [], data);
  const form = formOf(columns, first.scored.output, first.numerics);
  return score({ ...first, data }, columns, form);
}

/** The samples of data sets of the same form in sequence, copied. */
function joined(data: readonly Samples[]): Samples {
  const [first] = data as [Samples];
  const inputs: Record<string, Field> = {};
  for (const [name, field] of Object.entries(first.inputs)) {
    const Values = field.values.constructor as Uint8ArrayConstructor;
    const arrays = data.map((each) => each.inputs[name]!.values);
    const all = new Values(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      all.set(array, at);
      at += array.length;
    }
    inputs[name] = { ...field, values: all };
  }
  return { ...first, count: data.reduce((sum, { count }) => sum + count, 0), inputs };
}

async function score(
  { model, weights, scored, numerics, data }: ScoreRequest,
  columns: Columns,
  form: string | undefined,
): Promise<Float32Array> {
  const known = kept.find(
    (one) => one.model === model && one.form === form && one.loss === scored.loss,
  );
  // A session is taken out while in use, and not put back if that fails.
  kept = kept.filter((one) => one !== known);
  known?.session.load([columns]);
  const session =
    known?.session ??
    (await createSession({ model, terms: [], scored, numerics, workers: 0, datasets: [data] }));
  // A user may have changed the weights.
  session.writeWeights(weights);
  const { scores } = await session.evaluate(0, true);
  if (form !== undefined) keep({ model, form, loss: scored.loss, session });
  else await session.close();
  return scores;
}

/** The key of a session's plan; undefined for one that is used once: transforms are functions. */
function formOf({ count, columns }: Columns, output: string, numerics: Numerics) {
  if (columns.some(({ augmentation }) => augmentation)) return undefined;
  const described = columns.map(({ values, ...column }) => [values.constructor.name, column]);
  return JSON.stringify([count, output, numerics, described]);
}

/**
 * Keeps a session of the calling thread, which is mainly its memory, collected by the engine when dropped. A session
 * that other calls wait for is kept regardless of its size.
 */
function keep(one: Kept): void {
  kept.push(one);
  const bytesOf = ({ session }: Kept) => session.plan.memory.bytes;
  let bytes = kept.reduce((sum, each) => sum + bytesOf(each), 0);
  const least = queues.get(one.model)?.length ? 1 : 0;
  while (kept.length > least && (bytes > MOST_BYTES || kept.length > MOST_SESSIONS))
    bytes -= bytesOf(kept.shift()!);
}
