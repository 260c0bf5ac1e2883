/** Writes a run's events down: as lines of metrics.jsonl and for TensorBoard. */
import { join } from 'node:path';
import type { LanewiseError } from '../errors.js';
import { parameterCount, type Model } from '../layers/index.js';
import type { ProbeRecord } from '../training/probe.js';
import type { StepRecord, TrainEvent } from '../training/records.js';
import type { RunDescription } from '../training/describe-run.js';
import { CHECKPOINT } from './checkpoint-files.js';
import type { EventImage } from '../formats/tfevents.js';
import type { DoneEvent, RunEvent } from './events.js';
import { METRICS } from './folder.js';
import { openMetricsLog } from './metrics-log.js';
import type { Evaluation } from './report/evaluation.js';
import type { Picture } from './report/pictures.js';
import type { Part } from './scored.js';
import { openTensorboard } from './tensorboard.js';

/** Sums over the steps since the last line: a checkpoint keeps them, so that a resumed log has the same lines. */
export type LogWindow = Readonly<
  Record<'loss' | 'accuracy' | 'samples' | 'seconds' | 'waiting', number>
>;

export interface Recorder {
  record(event: TrainEvent): void;
  readonly window: LogWindow;
  /** The log so far outlasts a power cut: a checkpoint after it must not know of epochs that the log lacks. */
  sync(): void;
  /** Shows TensorBoard what the report shows: the first filters, and the hardest mistakes. */
  pictures(step: number, evaluation: Evaluation): void;
  probe(step: number, record: ProbeRecord): void;
  /** The last line. */
  done(event: DoneEvent): void;
  close(): void;
}

type StepsEvent = Extract<TrainEvent, { kind: 'steps' }>;

export interface RecorderOptions {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  readonly description: RunDescription;
  /** What its validation data is. */
  readonly part: Part;
  readonly workers: number;
  /** Steps between two lines; one does not reach over an epoch's end. */
  readonly every: number;
  readonly resumedAt?: number;
  /** Of the checkpoint that the run goes on from. */
  readonly window?: Partial<LogWindow>;
  /** Told of the first line that cannot be written: training goes on without it. */
  readonly onError: (error: LanewiseError) => void;
}

/** Opens the folder's log and a new event file. @throws LanewiseError kind 'file'. */
export function openRecorder(options: RecorderOptions): Recorder {
  const { folder, every, resumedAt, onError } = options;
  const log = openMetricsLog(join(folder, METRICS), { onError });
  const resumed = resumedAt === undefined ? {} : { resumedAt };
  const board = openTensorboard(folder, { ...resumed, onError });
  const write = (event: RunEvent) => {
    log.write(event);
    board.write(event);
  };
  let window: LogWindow = { ...NOTHING, ...options.window };
  let last: StepRecord | undefined;

  /** A line of the steps since the last one, of which `last` is the latest. */
  function flush({ step, epoch, rate, accuracy }: StepRecord): void {
    const { samples, seconds } = window;
    write({
      event: 'step',
      step,
      epoch,
      loss: window.loss / samples,
      ...(accuracy === undefined ? {} : { accuracy: window.accuracy / samples }),
      rate,
      imagesPerSecond: samples / seconds,
      waiting: Math.min(1, window.waiting / seconds),
    });
    window = NOTHING;
  }

  return {
    sync: () => log.sync(),
    record(event) {
      switch (event.kind) {
        case 'start':
          write(startEvent(options, event.settings));
          break;
        case 'steps':
          for (const record of event.records) {
            window = add(window, record, event);
            last = record;
            if (record.step % every === 0) flush(record);
          }
          break;
        case 'validation':
          write({ event: 'validation', ...event.record });
          break;
        case 'epoch': {
          const { step, seconds: took, record } = event;
          if (last && window.samples > 0) flush(last);
          write({ event: 'epoch', step, seconds: took, ...record });
          break;
        }
        case 'checkpoint':
          log.write({
            event: 'checkpoint',
            step: event.step,
            epoch: event.epoch,
            file: CHECKPOINT,
          });
          break;
        case 'warning':
          log.write({
            event: 'warning',
            step: last?.step ?? resumedAt ?? 0,
            message: event.message,
          });
          break;
        case 'recovery':
          break;
      }
    },
    probe: (step, { layers, weights }) => write({ event: 'probe', step, layers, weights }),
    get window() {
      return window;
    },
    pictures(step, { filters, mistakes = [] }) {
      const add = (name: string, pictures: readonly Picture[]) =>
        pictures.slice(0, SHOWN).forEach((picture, i) => {
          board.writeImage(`${name}/${i}`, step, imageOf(picture));
        });
      if (filters) add('filters', filters.pictures);
      add(
        'mistakes',
        mistakes.flatMap(({ picture }) => (picture === undefined ? [] : [picture])),
      );
    },
    done: write,
    close() {
      log.close();
      board.close();
    },
  };
}

const NOTHING: LogWindow = { loss: 0, accuracy: 0, samples: 0, seconds: 0, waiting: 0 };

/** Pictures of a kind that TensorBoard gets. */
const SHOWN = 16;

/** The window with a step more; a chunk's time is its steps' in equal parts. */
function add(window: LogWindow, step: StepRecord, chunk: StepsEvent): LogWindow {
  const { loss, accuracy = 0, samples } = step;
  const share = 1 / chunk.records.length;
  return {
    loss: window.loss + loss * samples,
    accuracy: window.accuracy + accuracy * samples,
    samples: window.samples + samples,
    seconds: window.seconds + chunk.seconds * share,
    waiting: window.waiting + chunk.waitingSeconds * share,
  };
}

/** Extents and channels from the PNG's first chunk, IHDR. */
function imageOf(picture: Picture): EventImage {
  const png = Buffer.from(picture, 'base64');
  const channels = [1, 0, 3, 3, 2, 0, 4][png[25]!]!;
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), channels, png };
}

function startEvent(
  { name, version, model, description, part, workers, resumedAt }: RecorderOptions,
  { data, validation }: Extract<TrainEvent, { kind: 'start' }>['settings'],
): RunEvent {
  const { model: _, data: described, ...settings } = description;
  return {
    event: 'start',
    time: new Date().toISOString(),
    version,
    model: name,
    parameters: parameterCount(model),
    data: { ...(described as object), name: data.name, samples: data.count },
    ...(validation
      ? { validation: { name: validation.name, samples: validation.count, part } }
      : {}),
    settings: { ...settings, workers, node: process.version },
    ...(resumedAt === undefined ? {} : { resumedAt }),
  };
}
