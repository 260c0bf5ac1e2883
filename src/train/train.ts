/** Training: the function `train`, and the events that a run yields. */
import {
  abortSignal,
  callable,
  checkOptions,
  flag,
  text,
  wholeFrom,
  type Check,
  type Checks,
} from '../base/check.js';
import type { AnyDataset } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { Recording } from '#recording';
import type { ClusterOptions } from '../cluster/cluster-options.js';
import type { CheckpointSettings } from './checkpoint.js';
import type { Callbacks, EventName, RunEvent } from './events.js';
import { resolveSettings } from './resolve-settings.js';
import { resultOf, type TrainResult } from './result.js';
import { PLACES_IN_RUNS } from './places.js';
import { SETTING_NAMES, type TrainSettings } from './settings.js';
import { doneRecord } from './start-and-done.js';
import { trainingLoop } from './loop.js';
import { checkTrained } from '../trained/check-weights.js';
import type { TrainedModel } from '../trained/trained-model.js';

/** Where a run is kept, what is called while it runs, and how it is stopped. No result depends on these. */
export interface TrainOptions extends Callbacks {
  /**
   * The run's folder: its log, event files for TensorBoard, checkpoints, the model file and the report. Without it nothing
   * is written, and a run that ends early is lost.
   */
  readonly folder?: string;
  /** Goes on from the folder's checkpoint, if it has one; `override` names settings that may differ from the original run's. */
  readonly resume?: boolean | { readonly override: readonly string[] };
  /**
   * Keeps a receipt in the folder: a hash of each step, so that whoever takes the same run and gets another result finds the
   * step where the two part (`firstDifference`). Default false.
   */
  readonly receipt?: boolean;
  /** Starts over even if the folder holds an unfinished run, which is lost. */
  readonly fresh?: boolean;
  /** When checkpoints are taken; default at the end of each epoch and every 5 minutes, and when the run ends. */
  readonly checkpoints?: Omit<CheckpointSettings, 'save'>;
  /** Steps between two lines of the log; default 20. */
  readonly logEvery?: number;
  /** The data that the report of an ended run shows the model on; default the validation data. Nothing is chosen by it. */
  readonly test?: AnyDataset;
  /** Whether a run with a folder ends with a report, a page to look at; default true. */
  readonly report?: boolean;
  /**
   * What is done to the trained model before it is saved, scored and returned, such as
   * `(model) => calibrateIntervals(model, data)`; weights stay as they are.
   */
  readonly finish?: (model: TrainedModel) => TrainedModel | Promise<TrainedModel>;
  /** The model's name in log and report; default `model`. */
  readonly name?: string;
  /** Stops the run after the current chunk of steps, with a checkpoint if there is a folder. */
  readonly signal?: AbortSignal;
  /**
   * Shares the steps with other machines, each of which runs `lanewise worker` or `serveWorker`; the result is that of one
   * machine alone. Node, Deno and Bun only.
   */
  readonly cluster?: ClusterOptions;
  /** Steps of a chunk, at most; default as many as take 150 ms. With 1, each step is reported before the next is taken. */
  readonly stepsPerEvent?: number;
}

const HEARD: Readonly<Record<EventName, Check>> = {
  start: callable,
  step: callable,
  progress: callable,
  validation: callable,
  epoch: callable,
  probe: callable,
  checkpoint: callable,
  warning: callable,
  recovery: callable,
  machine: callable,
  trained: callable,
  done: callable,
};

/** The callback's name, such as `onEpoch`. */
const callbackName = (name: string): keyof Callbacks =>
  `on${name[0]!.toUpperCase()}${name.slice(1)}` as keyof Callbacks;

/** Checks of the options; those of a folder are checked where it is opened. */
const CHECKS: Checks<TrainOptions> = {
  folder: text,
  resume: true,
  fresh: true,
  receipt: true,
  checkpoints: true,
  logEvery: true,
  test: true,
  report: flag,
  finish: callable,
  name: text,
  signal: abortSignal,
  cluster: true,
  stepsPerEvent: wholeFrom(1),
  ...(Object.fromEntries(
    Object.entries(HEARD).map(([name, check]) => [callbackName(name), check]),
  ) as Record<keyof Callbacks, Check>),
};

/** Names in the wrong argument, and where they belong. */
function placed(names: readonly string[], where: string): Readonly<Record<string, string>> {
  const hints = names.map((name) => [name, `${name} belongs into the ${where}`]);
  return { ...PLACES_IN_RUNS, ...Object.fromEntries(hints) };
}
const NO_SETTINGS = /* @__PURE__ */ placed(Object.keys(CHECKS), 'third argument, the options');
const NO_OPTIONS = /* @__PURE__ */ placed(SETTING_NAMES, 'second argument, the settings');

/** Options of a run in a folder. */
export type FolderOptions = Pick<
  TrainOptions,
  'resume' | 'fresh' | 'receipt' | 'checkpoints' | 'logEvery' | 'test'
>;
const OF_FOLDERS = ['resume', 'fresh', 'receipt', 'checkpoints', 'logEvery', 'test'] as const;

function checkTrainOptions(options: TrainOptions): void {
  checkOptions('train', options, CHECKS, NO_OPTIONS);
  if (options.resume && options.fresh) {
    throw new LanewiseError(
      'argument',
      'train: resume and fresh are both given, expected one of them',
      'resume goes on from the folder’s checkpoint; fresh loses it, and begins anew',
    );
  }
  if (options.folder !== undefined) return;
  const name = OF_FOLDERS.find((one) => options[one] !== undefined && options[one] !== false);
  if (name === undefined) return;
  throw new LanewiseError(
    'argument',
    `train: ${name} is given, and no folder`,
    "say where the run is kept: folder: 'runs/a'",
  );
}

/**
 * Trains `model` from fresh weights, or from those of the settings. The result is a function of model, data, seed and
 * settings other than `workers`. With `folder` the run is kept there, and `resume` continues it to the same bits.
 * @throws LanewiseError before work starts for impossible settings, options, data or sizes; kind 'engine' if a step fails
 * twice in a worker thread, or if the loss becomes NaN or infinite. With a folder, kind 'file' if it cannot be written or
 * is in use, kind 'argument' if it holds another run than the one to resume, or an unfinished one; kind 'platform' where
 * there is no file system.
 */
export async function train(
  model: Model,
  settings: TrainSettings,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const isHeard = (name: EventName) => options[callbackName(name)] !== undefined;
  const events = happenings(model, settings, options, isHeard);
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}

/**
 * Trains as `train` does, event by event: `for await (const event of trainEvents(model, settings))`; the generator returns
 * the result. Callbacks are called before the event is yielded. Leaving the loop (`break`) stops the run as the signal does.
 */
export function trainEvents(
  model: Model,
  settings: TrainSettings,
  options: TrainOptions = {},
): AsyncGenerator<RunEvent, TrainResult, void> {
  return happenings(model, settings, options, () => true);
}

/** The events of a run; `done`, whose hash takes time, only if somebody hears of it or it is written down. */
async function* happenings(
  model: Model,
  settings: TrainSettings,
  options: TrainOptions,
  isHeard: (name: EventName) => boolean,
): AsyncGenerator<RunEvent, TrainResult, void> {
  checkTrainOptions(options);
  const resolved = resolveSettings(model, settings, NO_SETTINGS);
  const { folder, name, checkpoints, signal, stepsPerEvent, cluster } = options;
  const tell = createTeller(options);
  const recording =
    folder === undefined
      ? undefined
      : yield* (await import('#recording')).openRecording(
          { folder, model, given: settings, settings: resolved, options },
          tell,
        );
  const machines =
    cluster === undefined
      ? undefined
      : await (
          await import('#cluster')
        )
          .openMachines(cluster, {
            description: recording?.about.description,
            folder,
            onStep: recording?.recordParts,
          })
          .catch((error: unknown) => leaveWith(recording, error));
  const started = performance.now();
  const events = trainingLoop(
    model,
    resolved,
    {
      about: { ...recording?.about, ...(name === undefined ? {} : { name }) },
      ...(recording
        ? { checkpoints: { ...checkpoints, save: recording.save }, earlier: recording.earlier }
        : {}),
      signal,
      stepsPerEvent,
      ...(machines ? { machines } : {}),
      ...(recording?.receipt ? { receipt: recording.receipt } : {}),
    },
    recording?.resumed,
  );
  try {
    let next = await events.next();
    for (; !next.done; next = await events.next())
      yield* tell(recording ? await recording.record(next.value) : next.value);
    const trained = resultOf(model, resolved, next.value, started);
    const { interrupted } = trained;
    const { step } = next.value.state;
    yield* tell([{ event: 'trained', step, interrupted }]);
    const { finish } = options;
    const result = finish
      ? { ...trained, model: checkTrained('train: finish', await finish(trained.model)) }
      : trained;
    const done = recording
      ? await recording.finish(result, step)
      : isHeard('done') && (await doneRecord(result, step));
    if (recording) yield* tell(await recording.record([]));
    if (done) yield* tell([{ ...done, result: () => result }]);
    return result;
  } catch (error) {
    throw recording ? recording.explain(error) : error;
  } finally {
    // A reader who leaves the loop leaves a checkpoint.
    await events
      .return(undefined as never)
      .catch((error: unknown) => {
        throw recording ? recording.explain(error) : error;
      })
      .finally(() => machines?.close())
      .finally(() => recording?.close());
  }
}

/** Leaves the run's folder free after an error before the run began. */
async function leaveWith(recording: Recording | undefined, error: unknown): Promise<never> {
  await recording?.close();
  throw error;
}

/** Yields events one after another, each once its callback has returned. */
export type Teller = (events: readonly RunEvent[]) => AsyncGenerator<RunEvent, void, void>;

const createTeller = (callbacks: Callbacks): Teller =>
  async function* (events) {
    for (const event of events) {
      const name = callbackName(event.event);
      await (callbacks[name] as ((event: RunEvent) => unknown) | undefined)?.(event);
      yield event;
    }
  };
