/**
 * Scores of samples at hand, one call after another: planning, compiling and linking take longer than a few samples
 * do, so the session of a call is kept for the next one of the same form.
 */
import type { TensorDataset } from '../data/dataset.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { columnsOf, type Columns } from './columns.js';
import type { Scored } from './graphs.js';
import { createSession, type Session, type Weights } from './session.js';

/** A session that nobody uses at the moment, and what it is good for. */
interface Kept {
  readonly model: Model;
  /** The columns, the output and the rounding. */
  readonly form: string;
  readonly loss: Scored['loss'];
  readonly session: Session;
}

/** Of all models together, in memory that runs have. */
const MOST_BYTES = 2 ** 25;
const MOST_SESSIONS = 8;

/** The last one used comes last. */
let kept: Kept[] = [];

export interface ScoreRequest {
  readonly model: Model;
  readonly weights: Weights;
  readonly scored: Scored;
  readonly numerics: Numerics;
  readonly data: TensorDataset;
}

/**
 * One row of scores a sample, worked out in the calling thread. Calls at the same time have a session each.
 * @throws LanewiseError kind 'data' if samples and model do not fit.
 */
export async function scoreSamples(request: ScoreRequest): Promise<Float32Array> {
  const { model, weights, scored, numerics, data } = request;
  const columns = columnsOf(model, [], data);
  const form = formOf(columns, scored.output, numerics);
  const known = kept.find(
    (one) => one.model === model && one.form === form && one.loss === scored.loss,
  );
  // Taken out while it is in use, and not put back if that fails.
  kept = kept.filter((one) => one !== known);
  known?.session.load([columns]);
  const session =
    known?.session ??
    (await createSession({ model, terms: [], scored, numerics, workers: 0, datasets: [data] }));
  // A user may have changed them.
  session.writeWeights(weights);
  const { scores } = await session.evaluate(0, true);
  if (form !== undefined) keep({ model, form, loss: scored.loss, session });
  else await session.close();
  return scores;
}

/** What a session is planned by; undefined for one that is used once: transforms are functions. */
function formOf({ count, columns }: Columns, output: string, numerics: Numerics) {
  if (columns.some(({ augmentation }) => augmentation)) return undefined;
  const described = columns.map(({ values, ...column }) => [values.constructor.name, column]);
  return JSON.stringify([count, output, numerics, described]);
}

/** A session in the calling thread is its memory, which the engine collects when it is forgotten. */
function keep(one: Kept): void {
  kept.push(one);
  const bytesOf = ({ session }: Kept) => session.plan.memory.bytes;
  let bytes = kept.reduce((sum, each) => sum + bytesOf(each), 0);
  while (bytes > MOST_BYTES || kept.length > MOST_SESSIONS) bytes -= bytesOf(kept.shift()!);
}
