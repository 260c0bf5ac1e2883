/**
 * Audits a run: takes the steps between two of its checkpoints again, on this machine alone, and compares what was logged and
 * what came out.
 */
import { join } from 'node:path';
import { abortSignal, callable, checkOptions, required, text } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { replayParts, type Replay, type WrongPart } from '../cluster/replay-parts.js';
import type { Weights } from '../crew/session.js';
import type { Model } from '../layers/index.js';
import { readNamedFile } from '../node/files.js';
import { decodeCheckpoint, type Checkpoint } from '../train/checkpoint.js';
import { differences, type RunDescription } from '../train/describe-run.js';
import { trainingLoop } from '../train/loop.js';
import { checkResume, takeUp, type Resumed } from '../train/resume.js';
import type { TrainSettings } from '../train/settings.js';
import { readCheckpoint, readEarlier } from './checkpoint-files.js';
import { PARTS } from './folder.js';
import { readPartsLog } from './parts-log.js';
import { describe, type Described } from './replay.js';

/** What is audited. */
export interface AuditOptions {
  /** The run's folder. */
  readonly folder: string;
  /**
   * Where the stretch begins that ends with the folder's checkpoint: `'start'`, or the file of an earlier checkpoint of the
   * run; default the folder's previous one, and the start of the run if there is none.
   */
  readonly from?: string;
  /** Stops the audit after the chunk of steps at hand; it then rejects. */
  readonly signal?: AbortSignal;
  /** Called every 150 ms or so, with the steps taken so far and those to take. */
  readonly onStep?: (taken: number, steps: number) => void;
}

/** Values that came out otherwise than the checkpoint has them. */
export interface OtherValues {
  /** `weights of 'conv1.weight'`, `optimizer.0.conv1.weight` */
  readonly name: string;
  /** The place in the array, and the values in the checkpoint and here. */
  readonly at: number;
  readonly stored: number;
  readonly computed: number;
}

/** The result of an audit. */
export interface Audit {
  /** Whether everything that was compared is the same, bit by bit. */
  readonly isExact: boolean;
  /** Steps finished at both ends of the stretch. */
  readonly from: number;
  readonly until: number;
  /** SHA-256 of the checkpoint's weights at the end, by which audits of stretches can be joined. */
  readonly sha256: string;
  /** Logged parts of other machines that are right, and the steps that have any. */
  readonly parts: number;
  readonly sharedSteps: number;
  /** Parts that are right, by machine. */
  readonly machines: Readonly<Record<string, number>>;
  /** The first part that is wrong. What came after it has not been compared. */
  readonly wrong?: WrongPart;
  /** The first values that came out otherwise, though no part is wrong. */
  readonly other?: OtherValues;
}

/** `auditRun` of the package; see public.ts. */
export async function auditRun(
  model: Model,
  settings: TrainSettings,
  options: AuditOptions,
): Promise<Audit> {
  checkOptions('auditRun', options, {
    folder: required(text),
    from: text,
    signal: abortSignal,
    onStep: callable,
  });
  const described = await describe(model, settings);
  const { description } = described;
  const { folder } = options;
  const { checkpoint: end } = await readCheckpoint(folder);
  sameRun(end.description, description, [], end);
  const start = await startOf(options, end, description);
  const from = start?.checkpoint.state.step ?? 0;
  const until = end.state.step;
  const path = join(folder, PARTS);
  const log = readPartsLog(path, from, until);
  const replay = replayParts(log, path);
  const stretch = { from, until, isShared: log.length > 0 };
  const other = await compareEnds(described, options, { start, end, stretch, replay });
  const wrong = replay.wrong();
  return {
    isExact: !wrong && !other,
    from,
    until,
    sha256: await sha256(...[...end.weights.values()].map(bytesOf)),
    parts: [...replay.right.values()].reduce((sum, count) => sum + count, 0),
    sharedSteps: log.filter(({ step }) => !wrong || step < wrong.step).length,
    machines: Object.fromEntries(replay.right),
    ...(wrong ? { wrong } : other ? { other } : {}),
  };
}

/** Refuses a checkpoint of another run than the one described; names in `changed` may differ. */
function sameRun(
  earlier: RunDescription,
  now: RunDescription,
  changed: readonly string[],
  { stepsPerEpoch }: Checkpoint,
): readonly string[] {
  try {
    return checkResume(earlier, now, changed, stepsPerEpoch);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    throw new LanewiseError(
      error.kind,
      error.message.replace('the run to resume', 'the run to audit'),
      'audit it with the model, the data and the settings that it was last trained with',
      { cause: error },
    );
  }
}

/** The checkpoint that the stretch begins with; undefined for the start of the run. */
async function startOf(
  { folder, from }: AuditOptions,
  end: Checkpoint,
  description: RunDescription,
): Promise<Resumed | undefined> {
  const { step } = end.state;
  const checkpoint =
    from === undefined
      ? await readEarlier(folder, step)
      : from === 'start'
        ? undefined
        : await decodeCheckpoint(await readNamedFile('checkpoint', from), from);
  const steps = checkpoint?.state.step ?? 0;
  if (steps >= step)
    throw new LanewiseError(
      'argument',
      checkpoint
        ? `auditRun: from is '${from}' of step ${steps}, and the folder's checkpoint is of step ${step}: expected an earlier one`
        : `auditRun: the run in '${folder}' has taken no step`,
    );
  if (checkpoint) {
    // Resumed with other settings, a run goes on from a checkpoint.
    const changed = [
      ...new Set(
        differences(checkpoint.description, description).map(({ name }) => name.split('.')[0]!),
      ),
    ];
    sameRun(checkpoint.description, description, changed, checkpoint);
    return { checkpoint, changed, takeUp };
  }
  const { shift, stretches, optimizerFrom, scheduleFrom } = end.state;
  if (shift !== 0 || stretches.length > 0 || optimizerFrom > 0 || scheduleFrom.epochs > 0)
    throw new LanewiseError(
      'argument',
      `auditRun: the run in '${folder}' was resumed with other settings, and cannot be audited from its start`,
      'audit it from a checkpoint that it had since: from',
    );
  return undefined;
}

interface Ends {
  readonly start: Resumed | undefined;
  readonly end: Checkpoint;
  readonly stretch: { readonly from: number; readonly until: number; readonly isShared: boolean };
  readonly replay: Replay;
}

/** Takes the stretch's steps, up to the first that is wrong; what came out otherwise, if all parts are right. */
async function compareEnds(
  { model, settings }: Described,
  { signal, onStep, folder }: AuditOptions,
  { start, end, stretch: { from, until, isShared }, replay }: Ends,
): Promise<OtherValues | undefined> {
  const stop = new AbortController();
  let reached: { readonly other: OtherValues | undefined } | undefined;
  const loop = trainingLoop(
    model,
    settings,
    {
      ...(isShared ? { machines: replay.machines } : {}),
      // A chunk ends there.
      stepsPerEvent: until,
      signal: stop.signal,
      checkpoints: {
        everyEpoch: false,
        everyMinutes: Infinity,
        async save(checkpoint) {
          if (checkpoint.state.step === until) reached = { other: firstOther(end, checkpoint) };
          return '';
        },
      },
    },
    start,
  );
  for await (const events of loop) {
    const taken = events.reduce(
      (last, event) => (event.event === 'step' ? event.step : last),
      from,
    );
    if (taken > from) onStep?.(taken - from, until - from);
    if (signal?.aborted) {
      stop.abort();
      throw new LanewiseError('argument', `auditRun: stopped after step ${taken}`);
    }
    if (taken >= until || replay.wrong()) stop.abort();
  }
  if (reached || replay.wrong()) return reached?.other;
  throw new LanewiseError(
    'file',
    `the run in '${folder}' ends before step ${until}, which its checkpoint says that it has finished`,
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The first values in which two states differ. */
function firstOther(
  stored: Checkpoint,
  computed: Pick<Checkpoint, 'weights' | 'arrays' | 'state'>,
): OtherValues | undefined {
  const none: Weights = new Map();
  return (
    firstIn("weights of '", "'", stored.weights, computed.weights) ??
    firstIn('', '', stored.arrays, computed.arrays) ??
    firstIn(
      "best weights of '",
      "'",
      stored.state.best?.weights ?? none,
      computed.state.best?.weights ?? none,
    )
  );
}

function firstIn(
  before: string,
  behind: string,
  stored: Weights,
  computed: Weights,
): OtherValues | undefined {
  for (const key of new Set([...stored.keys(), ...computed.keys()])) {
    const [a, b] = [stored, computed].map((all) => all.get(key) ?? new Float32Array());
    const [bitsA, bitsB] = [a!, b!].map(
      (floats) => new Uint32Array(bytesOf(floats).slice().buffer),
    );
    const length = Math.max(a!.length, b!.length);
    for (let at = 0; at < length; at++)
      if (bitsA![at] !== bitsB![at])
        return { name: before + key + behind, at, stored: a![at] ?? NaN, computed: b![at] ?? NaN };
  }
  return undefined;
}
