/**
 * Records a run in a folder: a log, event files for TensorBoard, checkpoints, a model file and a report.
 */
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Samples } from '../data/samples.js';
import {
  checkKeys,
  checkOptions,
  flag,
  listOf,
  numberAbove,
  text,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { safetensorsPieces } from '../formats/safetensors.js';
import { parameterCount, type Model } from '../layers/index.js';
import { writeFileAtomic } from '../node/atomic.js';
import type { CheckpointSettings } from '../train/checkpoint.js';
import { describeRun, type RunDescription } from '../train/describe-run.js';
import type { DoneEvent, Part, RunEvent } from '../train/events.js';
import { modelMetadata, modelTensors } from '../trained/model-file.js';
import { createProbe, type Probe } from '../look/probe.js';
import type { TrainResult } from '../train/result.js';
import type { ReceiptKeeper } from '../train/receipt.js';
import { takeUp, type Resumed } from '../train/resume.js';
import { matchData } from '../train/resolve-settings.js';
import type { ResolvedSettings, TrainSettings } from '../train/settings.js';
import { doneRecord, type About } from '../train/start-and-done.js';
import type { FolderOptions, Teller, TrainOptions } from '../train/train.js';
import { CHECKPOINT, PREVIOUS, readEarlier, saveCheckpoint } from './checkpoint-files.js';
import { MODEL, openFolder, PARTS, REPORT, type OpenedFolder } from './folder.js';
import { openPartsLog, type PartsLog } from './parts-log.js';
import { openRecorder, type Recorder } from './recorder.js';
import { openRunReceipt, unkeptReceipt, type RunReceipt } from './run-receipt.js';
import { partScored } from './scored.js';

/** What is recorded, and where. */
export interface RecordingRequest {
  readonly folder: string;
  readonly model: Model;
  /** The settings as given, checked. */
  readonly given: TrainSettings;
  readonly settings: ResolvedSettings;
  readonly options: TrainOptions;
}

export interface Recording {
  /** What the run goes on from; absent for a new run. */
  readonly resumed?: Resumed;
  /** Records each step, if the run keeps a receipt. */
  readonly receipt?: ReceiptKeeper;
  /** Further fields of the first event. */
  readonly about: About;
  /** Writes a checkpoint; resolves to its name in the folder. */
  readonly save: CheckpointSettings['save'];
  /** Reads the newest checkpoint before a step; resolves to undefined if there is none. */
  readonly earlier: (step: number) => Promise<Resumed | undefined>;
  /** Writes who computed what of a step, for a run shared with other machines. */
  readonly recordParts: PartsLog['write'];
  /**
   * Writes events before anybody sees them, so that a reader who leaves finds them in the log. Resolves to them and to those
   * that recording adds: figures of the net after `start` and each `epoch`, and warnings.
   */
  record(events: readonly RunEvent[]): Promise<readonly RunEvent[]>;
  /** Saves the model after this many steps, and writes the report. */
  finish(result: TrainResult, step: number): Promise<DoneEvent>;
  /** The error with a hint at what is not lost. */
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

const CHECKS: Checks<FolderOptions> = {
  resume: (owner, name, value) => {
    if (typeof value !== 'object') return flag(owner, name, value);
    checkKeys(`${owner}: ${name}`, value!, ['override']);
    const { override } = value as { readonly override?: unknown };
    listOf(text, 0)(`${owner}: ${name}`, 'override', override);
  },
  fresh: flag,
  checkpoints: (_, name, value) =>
    void checkOptions<NonNullable<TrainOptions['checkpoints']>>(name, value as object, {
      everySteps: wholeFrom(1),
      everyMinutes: numberAbove(0),
      everyEpoch: flag,
    }),
  receipt: flag,
  logEvery: wholeFrom(1),
  test: true,
};

/**
 * Opens the folder, and yields at once what that waits for.
 * @throws LanewiseError kind 'argument' for bad options, else as `openFolder`.
 */
export async function* openRecording(
  request: RecordingRequest,
  tell: Teller,
): AsyncGenerator<RunEvent, Recording, void> {
  const { folder, model, given, settings, options } = request;
  const { resume, fresh, receipt, checkpoints, logEvery, test } = options;
  checkOptions<FolderOptions>(
    'train',
    { resume, fresh, receipt, checkpoints, logEvery, test } as FolderOptions,
    CHECKS,
  );
  const matched = test && matchData(test, settings.data, settings.terms);
  const part = partScored(given.validation, test, settings);
  const shown = {
    data: matched ?? settings.validation,
    part: test && test !== given.validation ? 'test' : part,
  } as const;
  const description = await describeRun(model, settings);
  const opened = yield* openAloud(folder, description, options, tell);
  const { lock, resumed, warnings } = opened;
  const unkept = resumed && !receipt ? unkeptReceipt(folder) : undefined;
  const kept = receipt
    ? await openRunReceipt(folder, description, settings, resumed).catch((error: unknown) =>
        lock.release().then(() => Promise.reject(error)),
      )
    : undefined;
  return createRecording(
    { ...request, about: { folder, part, description, runtime: { node: process.version } }, shown },
    { ...opened, warnings: unkept === undefined ? warnings : [...warnings, unkept] },
    kept,
  );
}

async function* openAloud(
  folder: string,
  description: RunDescription,
  options: TrainOptions,
  tell: Teller,
): AsyncGenerator<RunEvent, OpenedFolder, void> {
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
    if (typeof first === 'string') yield* tell([{ event: 'warning', step: 0, message: first }]);
    const opened = await opening;
    isOpened = true;
    return opened;
  } finally {
    options.signal?.removeEventListener('abort', abort);
    // A reader who leaves while it waits leaves the folder free.
    abort();
    if (!isOpened)
      await opening.then(
        ({ lock }) => lock.release(),
        () => {},
      );
  }
}

/** What is known once the folder is open. */
interface Opening extends RecordingRequest {
  readonly about: About & { readonly description: RunDescription };
  /** The data that the report shows the model on. */
  readonly shown: { readonly data: Samples | undefined; readonly part: Part };
}

function createRecording(
  request: Opening,
  { lock, resumed, isLastWhole, warnings: told }: OpenedFolder,
  receipt: RunReceipt | undefined,
): Recording {
  const { folder, model, settings, options, about } = request;
  const { description } = about;
  const warnings = [...told];
  let recorder: Recorder | undefined;
  let probe: Probe | undefined;
  /** The step of the folder's checkpoint. */
  let savedStep: number | undefined;
  let isWhole = isLastWhole;
  const onError = ({ message }: LanewiseError) =>
    void warnings.push(`${message}: the log has gaps from here`);
  const parts = openPartsLog(join(folder, PARTS), { onError });
  const recorderOptions = {
    folder,
    every: options.logEvery ?? 20,
    onError,
    ...(resumed
      ? { resumedAt: resumed.checkpoint.state.step, window: resumed.checkpoint.log ?? {} }
      : {}),
  };
  return {
    ...(resumed ? { resumed } : {}),
    ...(receipt ? { receipt: receipt.keeper } : {}),
    about,
    async save(checkpoint) {
      recorder!.sync();
      parts.sync();
      receipt?.sync();
      await lock.check();
      const { step } = checkpoint.state;
      // One that the run went back behind must not remain as the previous.
      isWhole &&= savedStep === undefined || savedStep <= step;
      await saveCheckpoint(folder, { ...checkpoint, description, log: recorder!.window }, isWhole);
      isWhole = true;
      savedStep = step;
      return CHECKPOINT;
    },
    earlier: (step) => earlierIn(folder, step),
    recordParts: parts.write,
    async record(events) {
      const all: RunEvent[] = [];
      const write = (event: RunEvent) => {
        recorder!.record(event);
        all.push(event);
      };
      for (const event of events) {
        if (event.event === 'start') {
          savedStep = event.resumedAt;
          recorder = openRecorder(recorderOptions);
          probe = await openProbe(model, settings);
        }
        // What was computed since is computed again.
        if (event.event === 'recovery') parts.cutAfter(event.from!);
        write(event);
        if (probe && (event.event === 'epoch' || (event.event === 'start' && !resumed)))
          write(probeEvent(probe, event));
      }
      const step = recorder!.step;
      for (const message of warnings.splice(0)) write({ event: 'warning', step, message });
      return all;
    },
    finish: async (result, step) =>
      finish(request, result, recorder!, await endOf(result, step, resumed, receipt)),
    explain: (error) => withWayOn(error, folder, savedStep),
    async close() {
      probe?.close();
      recorder?.close();
      receipt?.close();
      parts.close();
      await lock.release();
      // A refused run leaves no empty folder.
      if (!recorder) await rmdir(folder).catch(() => {});
    },
  };
}

/** The end of a run whose time includes the runs that it resumed. */
async function endOf(
  result: TrainResult,
  step: number,
  resumed: Resumed | undefined,
  receipt: RunReceipt | undefined,
): Promise<DoneEvent> {
  const done = await doneRecord(result, step);
  const before = resumed ? resumed.checkpoint.state.trainingMs / 1000 : 0;
  const hash = receipt ? { receipt: receipt.hashAt(step) } : {};
  return { ...done, ...hash, seconds: before + done.seconds };
}

async function earlierIn(folder: string, step: number): Promise<Resumed | undefined> {
  const checkpoint = await readEarlier(folder, step);
  return checkpoint && { checkpoint, changed: [], takeUp };
}

/** Bytes of weights up to which a run has a probe, whose memory has them and their gradients once more. */
const PROBED_BYTES = 2 ** 27;

/** A probe on the training data; absent for a large net, and for a stream, whose samples come only in its order. */
async function openProbe(
  model: Model,
  { data, terms, numerics }: ResolvedSettings,
): Promise<Probe | undefined> {
  const isLarge = parameterCount(model) * 4 > PROBED_BYTES;
  return isLarge || data.source?.open ? undefined : createProbe(model, terms, data, numerics);
}

function probeEvent(probe: Probe, at: Extract<RunEvent, { event: 'start' | 'epoch' }>): RunEvent {
  const { layers, weights } = probe.measure(at.weights());
  return { event: 'probe', step: at.event === 'epoch' ? at.step : 0, layers, weights };
}

/** The error with a hint at what is not lost: the newest checkpoint there, which may be the one before the last. */
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

/** Saves the model and writes the report; a run that was stopped skips what takes long. */
async function finish(
  { folder, options: { report = true, signal }, shown: { data, part } }: Opening,
  result: TrainResult,
  recorder: Recorder,
  end: DoneEvent,
): Promise<DoneEvent> {
  const { model, settings } = result;
  // The last model is better than one that has learned nothing.
  if (end.step === 0) return end;
  // In pieces: a large net is not copied.
  await writeFileAtomic(
    join(folder, MODEL),
    safetensorsPieces(modelTensors(model), modelMetadata(model)),
  );
  if (report && data && !signal?.aborted) {
    const { inspect } = await import('./report/inspect-run.js');
    const { saveEvaluation } = await import('./report/write.js');
    const { workers, decoders, prefetchBytes } = settings;
    const reading = { workers, decoders, prefetchBytes };
    const found = await inspect(model, data, reading, settings.data);
    const evaluation = { ...found, part };
    await saveEvaluation(folder, evaluation);
    recorder.pictures(end.step, evaluation);
  }
  const done = { ...end, file: MODEL, ...(report ? { report: REPORT } : {}) };
  recorder.record({ ...done, result: () => result });
  if (report) await (await import('./report/write.js')).writeReport(folder);
  return done;
}
