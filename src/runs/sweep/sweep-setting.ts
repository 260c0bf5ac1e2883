/** One setting of a sweep: its run, in a folder of its own, up to some epoch. */
import { join } from 'node:path';
import type { Model } from '../../layers/index.js';
import { isDivergence } from '../../train/diverged.js';
import type { EventOf, EpochEvent } from '../../train/events.js';
import type { EpochRecord } from '../../train/history.js';
import type { TrainSettings } from '../../train/settings.js';
import { trainEvents, type TrainOptions } from '../../train/train.js';
import { METRICS } from '../folder.js';
import { readMetrics } from '../metrics-log.js';

/** A run of a sweep: what `train` is given, with the options `name` and `finish`. */
export interface SweepRun {
  readonly model: Model;
  readonly settings: TrainSettings;
  readonly name?: string;
  readonly finish?: TrainOptions['finish'];
}

export interface SettingOptions {
  readonly folder: string;
  /** Ends the run after this epoch, to go on another time. */
  readonly until: number;
  readonly report: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a run has reached. */
export interface Reached {
  readonly history: readonly EpochRecord[];
  readonly seconds: number;
  /** The model's weights after this value of the watched figure, where the best are kept. */
  readonly best?: number;
  /** Why it diverged. */
  readonly diverged?: string;
  /** Whether the signal stopped it. */
  readonly interrupted: boolean;
}

/** Trains up to the epoch `until`, from the folder's checkpoint if there is one. */
export async function trainUntil(
  { model, settings, name, finish }: SweepRun,
  { folder, until, report, signal }: SettingOptions,
): Promise<Reached> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  let done: EventOf<'done'> | undefined;
  try {
    const options = { folder, resume: true, report, signal: stop.signal };
    for await (const event of trainEvents(model, settings, {
      ...options,
      ...(name === undefined ? {} : { name }),
      ...(finish === undefined ? {} : { finish }),
    })) {
      const epochs =
        event.event === 'epoch'
          ? event.epoch
          : event.event === 'start' && event.resumedAt !== undefined
            ? await epochsAt(folder, event.resumedAt)
            : 0;
      if (epochs >= until && epochs < settings.epochs) stop.abort();
      if (event.event === 'done') done = event;
    }
  } catch (error) {
    if (!isDivergence(error)) throw error;
    const epochs = await loggedEpochs(folder);
    return {
      history: epochs.map(recordOf),
      seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      diverged: (error as Error).message,
      interrupted: false,
    };
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  const { history, interrupted, settings: resolved, best } = done!.result();
  return {
    history,
    seconds: done!.seconds,
    interrupted: interrupted && history.length < until,
    ...(best && resolved.monitor?.keepsBest ? { best: best.value } : {}),
  };
}

const loggedEpochs = async (folder: string): Promise<EpochEvent[]> =>
  (await readMetrics(join(folder, METRICS))).filter((event) => event.event === 'epoch');

/** The epochs that were done after so many steps. */
const epochsAt = async (folder: string, step: number): Promise<number> =>
  (await loggedEpochs(folder)).filter((event) => event.step <= step).length;

function recordOf(logged: EpochEvent): EpochRecord {
  const { event: _, step: __, seconds: ___, ...record } = logged;
  return record;
}
