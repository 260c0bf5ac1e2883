/** Writes a run's events as lines of metrics.jsonl, and for TensorBoard. */
import { join } from 'node:path';
import type { LanewiseError } from '../base/errors.js';
import type { EventImage } from '../formats/tfevents.js';
import type { LoggedEvent, RunEvent, StepEvent } from '../train/events.js';
import { METRICS } from './folder.js';
import { openMetricsLog } from './metrics-log.js';
import type { Evaluation } from './report/evaluation.js';
import type { Picture } from './report/pictures.js';
import { openTensorboard } from './tensorboard.js';

/** Sums over the steps since the last line; a checkpoint keeps them, so that a resumed log has the same lines. */
export type LogWindow = Readonly<
  Record<'loss' | 'accuracy' | 'samples' | 'seconds' | 'waiting', number> & { wire?: number }
>;

export interface Recorder {
  /** Writes an event; steps are gathered into lines, while progress and the end of training are not written. */
  record(event: RunEvent): void;
  /** The last step that was recorded. */
  readonly step: number;
  readonly window: LogWindow;
  /** Makes the log survive a power cut: a checkpoint after it must not know of epochs that the log lacks. */
  sync(): void;
  /** Gives TensorBoard the pictures of the report: the first filters, and the hardest mistakes. */
  pictures(step: number, evaluation: Evaluation): void;
  close(): void;
}

export interface RecorderOptions {
  readonly folder: string;
  /** Steps between two lines; a line never spans the end of an epoch. */
  readonly every: number;
  readonly resumedAt?: number;
  /** The window in the checkpoint that the run goes on from. */
  readonly window?: Partial<LogWindow>;
  /** Called with the first line that cannot be written; training goes on without it. */
  readonly onError: (error: LanewiseError) => void;
}

/** Opens the folder's log and a new event file. @throws LanewiseError kind 'file'. */
export function openRecorder(options: RecorderOptions): Recorder {
  const { folder, every, resumedAt, onError } = options;
  const log = openMetricsLog(join(folder, METRICS), { onError });
  const resumed = resumedAt === undefined ? {} : { resumedAt };
  const board = openTensorboard(folder, { ...resumed, onError });
  const write = (event: LoggedEvent) => {
    log.write(event);
    board.write(event);
  };
  let window: LogWindow = { ...NOTHING, ...options.window };
  let last: StepEvent | undefined;

  /** Writes a line for the steps since the last one, of which `last` is the latest. */
  function flush(): void {
    if (!last || window.samples === 0) return;
    write(meanOf(window, last));
    window = NOTHING;
  }

  return {
    record(event) {
      switch (event.event) {
        case 'step':
          window = add(window, event);
          last = event;
          if (event.step % every === 0) flush();
          return;
        case 'progress':
        case 'trained':
          return;
        case 'epoch':
          flush();
          return write(event);
        default:
          return write(event);
      }
    },
    get step() {
      return last?.step ?? resumedAt ?? 0;
    },
    get window() {
      return window;
    },
    sync: () => log.sync(),
    pictures(step, { filters, mistakes = [] }) {
      for (const [name, pictures] of [
        ['filters', filters?.pictures ?? []],
        ['mistakes', mistakes.flatMap(({ picture }) => picture ?? [])],
      ] as const)
        pictures.slice(0, SHOWN).forEach((picture, i) => {
          board.writeImage(`${name}/${i}`, step, imageOf(picture));
        });
    },
    close() {
      log.close();
      board.close();
    },
  };
}

const NOTHING: LogWindow = { loss: 0, accuracy: 0, samples: 0, seconds: 0, waiting: 0 };

/** Most pictures of a kind for TensorBoard. */
const SHOWN = 16;

/** The window with one more step. */
const add = (window: LogWindow, step: StepEvent): LogWindow => ({
  loss: window.loss + step.loss * step.samples,
  accuracy: window.accuracy + (step.accuracy ?? 0) * step.samples,
  samples: window.samples + step.samples,
  seconds: window.seconds + step.seconds,
  waiting: window.waiting + step.waiting * step.seconds,
  ...(step.wire === undefined ? {} : { wire: (window.wire ?? 0) + step.wire * step.seconds }),
});

/** The steps of a window as one step, which ends with `last`. */
function meanOf(
  { loss, accuracy, samples, seconds, waiting, wire }: LogWindow,
  { event, step, epoch, accuracy: lastAccuracy, rate }: StepEvent,
): StepEvent {
  return {
    event,
    step,
    epoch,
    loss: loss / samples,
    ...(lastAccuracy === undefined ? {} : { accuracy: accuracy / samples }),
    rate,
    samples,
    seconds,
    imagesPerSecond: samples / seconds,
    waiting: Math.min(1, waiting / seconds),
    ...(wire === undefined ? {} : { wire: Math.min(1, wire / seconds) }),
  };
}

/** Extents and channels from the PNG's first chunk, IHDR. */
function imageOf(picture: Picture): EventImage {
  const png = Buffer.from(picture, 'base64');
  const channels = [1, 0, 3, 3, 2, 0, 4][png[25]!]!;
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), channels, png };
}
