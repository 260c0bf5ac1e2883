/**
 * Training into a folder: everything of `train`, and what makes a run reliable and visible. Each run has a log, event
 * files for TensorBoard, checkpoints to go on from after whatever ends it, a model file and a report.
 */
import {
  abortSignal,
  checkKeys,
  checkOptions,
  flag,
  listOf,
  numberAbove,
  text,
  wholeFrom,
  type Checks,
} from '../check.js';
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyDataset } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import { LanewiseError } from '../errors.js';
import type { Model } from '../layers/index.js';
import type { CheckpointSettings } from '../training/checkpoint.js';
import { describeRun, type RunDescription } from '../training/describe-run.js';
import { saveModel } from '../training/model-store.js';
import type { Probe } from '../training/probe.js';
import type { TrainEvent } from '../training/records.js';
import { matchData, resolveSettings } from '../training/resolve-settings.js';
import type { ResolvedSettings, TrainSettings } from '../training/settings.js';
import { resultOf, type TrainResult } from '../training/train.js';
import { trainEvents } from '../training/trainer.js';
import { version } from './version.js';
import { CHECKPOINT, PREVIOUS, saveCheckpoint } from './checkpoint-files.js';
import { MODEL, openFolder, type FolderOptions, type OpenedFolder } from './folder.js';
import { partScored, type Part } from './scored.js';
import type { Recorder, RecorderOptions } from './recorder.js';

/** Where a run is kept, and what is written there. */
export interface FitOptions extends FolderOptions {
  /** Where everything goes. Without it nothing is written, and a run that ends early is lost. */
  readonly folder?: string;
  /** Of the model, in log and report; default `model`. */
  readonly name?: string;
  /** When checkpoints are taken; default at the end of each epoch and every 5 minutes, and when the run ends. */
  readonly checkpoints?: Omit<CheckpointSettings, 'save'>;
  /** Steps between two lines of the log; default 20. */
  readonly logEvery?: number;
  /** What the report shows the model on when the run has ended; default the validation data. Nothing is chosen by it. */
  readonly test?: AnyDataset;
  /** Default true: a page to look at when the run ends. */
  readonly report?: boolean;
  /** Ends the run after the steps at hand, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Steps between two events, at most; default some that take 150 ms. With 1, each step is told on its own. */
  readonly stepsPerEvent?: number;
}

/** All of them, for those that are mistyped. */
type Fields = Readonly<Record<string, unknown>>;

const OPTIONS: Checks<FitOptions> = {
  folder: text,
  name: text,
  resume: (owner, name, value) => {
    if (typeof value !== 'object') return flag(owner, name, value);
    checkKeys(`${owner}: ${name}`, value!, ['override']);
    listOf(text, 0)(`${owner}: ${name}`, 'override', (value as Fields)['override']);
  },
  fresh: flag,
  checkpoints: true,
  logEvery: wholeFrom(1),
  test: true,
  report: flag,
  signal: abortSignal,
  stepsPerEvent: wholeFrom(1),
};

/** What `fit` yields. */
export type FitEvent =
  | TrainEvent
  /** The steps are done, or `signal` ended them, and the checkpoint is written: what is left can be done again by resuming. */
  | { readonly kind: 'trained'; readonly interrupted: boolean }
  /** The last one. The model is saved, and the report written. */
  | { readonly kind: 'done'; readonly result: TrainResult; readonly files: FitFiles };

/** Paths of what a run with a folder has written; none if it ended before its first step. */
export interface FitFiles {
  readonly model?: string;
  readonly report?: string;
}

/**
 * Trains `model` event by event: `for await (const event of fit(model, settings, { folder: 'runs/a' }))`. Leaving the loop
 * ends the run as the signal does; with `resume` it goes on later, to the same bits.
 * @throws LanewiseError as `train` and, with a folder, kind 'file' if it cannot be written or is in use, kind
 * 'argument' if it holds another run than the one to resume, or an unfinished one.
 */
export async function* fit(
  model: Model,
  settings: TrainSettings,
  options: FitOptions = {},
): AsyncGenerator<FitEvent, TrainResult, void> {
  const resolved = resolveSettings(model, settings);
  checkOptions('fit', options, OPTIONS);
  checkOptions('checkpoints', options.checkpoints ?? {}, {
    everySteps: wholeFrom(1),
    everyMinutes: numberAbove(0),
    everyEpoch: flag,
  });
  const { folder } = options;
  if (folder === undefined && options.resume) {
    throw new LanewiseError(
      'argument',
      'fit: resume is given, and no folder to resume from',
      "say where the run is: folder: 'runs/a'",
    );
  }
  const { data, terms } = resolved;
  const test = options.test === undefined ? undefined : matchData(options.test, data, terms);
  if (folder === undefined) return yield* trainAlone(model, resolved, options);
  const description = await describeRun(model, resolved);
  const part = partScored(settings.validation, options.test, resolved);
  const opened = yield* openAloud(folder, description, options);
  let recorder: Recorder | undefined;
  let probe: Probe | undefined;
  let events: ReturnType<typeof trainEvents> | undefined;
  /** Of the folder's checkpoint. */
  let savedStep: number | undefined;
  let { isLastWhole } = opened;
  try {
    const warnings = [...opened.warnings];
    const { resumed } = opened;
    const { openRecorder } = await import('./recorder.js');
    const recording: RecorderOptions = {
      folder,
      name: options.name ?? 'model',
      version,
      model,
      description,
      part,
      workers: resolved.workers,
      every: options.logEvery ?? 20,
      onError: ({ message }) => warnings.push(`${message}: the log has gaps from here`),
      ...(resumed
        ? {
            resumedAt: resumed.checkpoint.state.step,
            window: resumed.checkpoint.log ?? {},
          }
        : {}),
    };
    const started = performance.now();
    events = trainEvents(
      model,
      resolved,
      {
        ...chunking(options),
        checkpoints: {
          ...options.checkpoints,
          save: async (checkpoint) => {
            recorder!.sync();
            const all = { ...checkpoint, description, log: recorder!.window };
            await opened.lock.check();
            await saveCheckpoint(folder, all, isLastWhole);
            isLastWhole = true;
            savedStep = checkpoint.state.step;
          },
        },
      },
      resumed,
    );
    let next = await events.next();
    for (; !next.done; next = await events.next()) {
      // All of it is written down before any of it is told: whoever leaves leaves a whole log.
      for (const event of next.value) {
        if (event.kind === 'start') {
          savedStep = event.resumedAt;
          recorder = openRecorder(recording);
          probe = await openProbe(model, resolved);
        }
        recorder!.record(event);
        if (event.kind === 'epoch' || (event.kind === 'start' && !resumed)) {
          const step = event.kind === 'epoch' ? event.step : 0;
          if (probe) recorder!.probe(step, probe.measure(event.weights()));
        }
      }
      yield* next.value;
      yield* told(warnings, recorder);
    }
    const result = resultOf(model, resolved, next.value, started);
    yield { kind: 'trained', interrupted: result.interrupted };
    const before = resumed ? resumed.checkpoint.state.trainingMs / 1000 : 0;
    const end = { step: next.value.state.step, seconds: before + result.seconds };
    const isApart = options.test !== undefined && options.test !== settings.validation;
    const shown = { data: test ?? resolved.validation, part: isApart ? 'test' : part } as const;
    const files = await finish(folder, result, end, recorder!, { ...options, shown });
    yield* told(warnings, recorder);
    yield { kind: 'done', result, files };
    return result;
  } catch (error) {
    throw withWayOn(error, folder, savedStep);
  } finally {
    // Whoever leaves the loop leaves a checkpoint.
    const left = events ? events.return(undefined as never) : Promise.resolve();
    await left
      .catch((error: unknown) => {
        throw withWayOn(error, folder, savedStep);
      })
      .finally(async () => {
        probe?.close();
        recorder?.close();
        await opened.lock.release();
        // A run that was refused leaves no empty folder.
        if (!recorder) await rmdir(folder).catch(() => {});
      });
  }
}

/** Opens the folder, and says at once what that waits for. */
async function* openAloud(
  folder: string,
  description: RunDescription,
  options: FitOptions,
): AsyncGenerator<FitEvent, OpenedFolder, void> {
  let onWait: ((message: string) => void) | undefined;
  const waiting = new Promise<string>((resolve) => (onWait = resolve));
  const leave = new AbortController();
  const abort = () => leave.abort();
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener('abort', abort);
  const { signal } = leave;
  const opening = openFolder(folder, description, options, { onWait: onWait!, signal });
  let isOpened = false;
  try {
    const first = await Promise.race([waiting, opening]);
    if (typeof first === 'string') yield { kind: 'warning', message: first };
    const opened = await opening;
    isOpened = true;
    return opened;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    // Whoever leaves the loop while it waits leaves the folder free.
    abort();
    if (!isOpened)
      await opening.then(
        ({ lock }) => lock.release(),
        () => {},
      );
  }
}

function* told(warnings: string[], recorder: Recorder | undefined): Generator<FitEvent> {
  const events = warnings.splice(0).map((message) => ({ kind: 'warning', message }) as const);
  for (const event of events) recorder?.record(event);
  yield* events;
}

/** The error with a hint of what is not lost: the newest checkpoint that is there, which may be the one before the last. */
function withWayOn(error: unknown, folder: string, savedStep: number | undefined): unknown {
  if (!(error instanceof LanewiseError)) return error;
  const { kind, message, hint } = error;
  const there = [CHECKPOINT, PREVIOUS].map((name) => join(folder, name)).find(existsSync);
  const way =
    savedStep === undefined || there === undefined
      ? undefined
      : `the last good checkpoint is '${there}' of step ${savedStep}: go on from it with resume: true`;
  const hints = [hint, way].filter((part) => part !== undefined);
  return new LanewiseError(kind, message, hints.length > 0 ? hints.join('; ') : undefined, {
    cause: error,
  });
}

const chunking = ({ signal, stepsPerEvent }: FitOptions) => ({
  ...(signal ? { signal } : {}),
  ...(stepsPerEvent === undefined ? {} : { stepsPerEvent }),
});

async function* trainAlone(
  model: Model,
  settings: ResolvedSettings,
  options: FitOptions,
): AsyncGenerator<FitEvent, TrainResult, void> {
  const started = performance.now();
  const events = trainEvents(model, settings, chunking(options));
  try {
    let next = await events.next();
    for (; !next.done; next = await events.next()) yield* next.value;
    const result = resultOf(model, settings, next.value, started);
    yield { kind: 'trained', interrupted: result.interrupted };
    yield { kind: 'done', result, files: {} };
    return result;
  } finally {
    await events.return(undefined as never);
  }
}

/** Of the data trained on; none of a stream, whose samples come only in its order. */
async function openProbe(
  model: Model,
  { data, terms, numerics }: ResolvedSettings,
): Promise<Probe | undefined> {
  if (data.source?.open) return undefined;
  const { createProbe } = await import('../training/probe.js');
  return createProbe(model, terms, data, numerics);
}

/** What the report shows the model on. */
interface Shown {
  readonly data: Samples | undefined;
  readonly part: Part;
}

/** Saves the model and writes the report; of a run that is to end, without what takes long. */
async function finish(
  folder: string,
  result: TrainResult,
  { step, seconds }: { readonly step: number; readonly seconds: number },
  recorder: Recorder,
  { shown: { data, part }, report = true, signal }: FitOptions & { readonly shown: Shown },
): Promise<FitFiles> {
  const { model, settings, numerics, interrupted, stopped } = result;
  // The last model is better than one that has learned nothing.
  if (step === 0) return {};
  const file = join(folder, MODEL);
  await saveModel(model, file);
  if (report && data && !signal?.aborted) {
    const { inspect } = await import('./report/inspect.js');
    const { saveEvaluation } = await import('./report/write.js');
    const { workers, decoders, prefetchBytes } = settings;
    const found = await inspect(model, data, { workers, decoders, prefetchBytes });
    const evaluation = { ...found, part };
    await saveEvaluation(folder, evaluation);
    recorder.pictures(step, evaluation);
  }
  const sha256 = await model.sha256();
  recorder.done({
    event: 'done',
    step,
    seconds,
    sha256,
    numerics,
    interrupted,
    ...(stopped === undefined ? {} : { stopped }),
  });
  if (!report) return { model: file };
  const { writeReport } = await import('./report/write.js');
  return { model: file, report: await writeReport(folder) };
}
