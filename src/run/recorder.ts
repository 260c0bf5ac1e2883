/** Writes a run's events down: as lines of metrics.jsonl and for TensorBoard. */
import { join } from 'node:path';
import type { LanewiseError } from '../errors.js';
import { parameterCount, type Model } from '../layers/index.js';
import { countOf } from '../data/dataset.js';
import type { ProbeRecord } from '../training/probe.js';
import type { StepRecord, TrainEvent } from '../training/records.js';
import type { RunDescription } from '../training/describe-run.js';
import { CHECKPOINT } from './checkpoint-files.js';
import type { DoneEvent, RunEvent } from './events.js';
import { METRICS } from './folder.js';
import { openMetricsLog } from './metrics-log.js';
import { openTensorboard } from './tensorboard.js';

export interface Recorder {
  record(event: TrainEvent): void;
  probe(step: number, record: ProbeRecord): void;
  /** The last line. */
  done(event: DoneEvent): void;
  close(): void;
}

export interface RecorderOptions {
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly model: Model;
  readonly description: RunDescription;
  readonly workers: number;
  /** Steps between two lines. */
  readonly every: number;
  readonly resumedAt?: number;
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
  let window: StepRecord[] = [];
  let seconds = 0;
  let waiting = 0;

  /** A line of the steps since the last one. */
  function flush(): void {
    const last = window.at(-1);
    if (!last) return;
    const samples = sumOf(window, (step) => step.samples);
    const mean = (value: (step: StepRecord) => number) =>
      sumOf(window, (step) => value(step) * step.samples) / samples;
    write({
      event: 'step',
      step: last.step,
      epoch: last.epoch,
      loss: mean(({ loss }) => loss),
      ...(last.accuracy === undefined ? {} : { accuracy: mean(({ accuracy }) => accuracy!) }),
      rate: last.rate,
      imagesPerSecond: samples / seconds,
      waiting: seconds > 0 ? Math.min(1, waiting / seconds) : 0,
    });
    window = [];
    seconds = 0;
    waiting = 0;
  }

  return {
    record(event) {
      switch (event.kind) {
        case 'start':
          write(startEvent(options, event.settings));
          break;
        case 'steps':
          for (const record of event.records) {
            window.push(record);
            // A chunk's time is its steps' in equal parts.
            seconds += event.seconds / event.records.length;
            waiting += event.waitingSeconds / event.records.length;
            if (record.step % every === 0) flush();
          }
          break;
        case 'validation':
          write({ event: 'validation', ...event.record });
          break;
        case 'epoch': {
          flush();
          const { step, seconds: took, record } = event;
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
        case 'recovery':
          break;
      }
    },
    probe: (step, { layers, weights }) => write({ event: 'probe', step, layers, weights }),
    done(event) {
      flush();
      write(event);
    },
    close() {
      log.close();
      board.close();
    },
  };
}

const sumOf = <T>(list: readonly T[], value: (one: T) => number): number =>
  list.reduce((sum, one) => sum + value(one), 0);

function startEvent(
  { name, version, model, description, workers, resumedAt }: RecorderOptions,
  { data }: Extract<TrainEvent, { kind: 'start' }>['settings'],
): RunEvent {
  const { model: _, data: described, ...settings } = description;
  return {
    event: 'start',
    time: new Date().toISOString(),
    version,
    model: name,
    parameters: parameterCount(model),
    data: { ...(described as object), name: data.name, samples: countOf(data) },
    settings: { ...settings, workers, node: process.version },
    ...(resumedAt === undefined ? {} : { resumedAt }),
  };
}
