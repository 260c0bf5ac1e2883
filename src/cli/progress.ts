/** Progress: one moving line on a terminal, nothing elsewhere; and an epoch's line for both. */
import { SingleBar, type Options } from 'cli-progress';
import type { DownloadProgress } from '../data/download.js';
import type { EpochRecord, Progress } from '../training/train.js';
import { formatBytes, formatCount, formatPercent, formatSeconds, isTerminal } from './terminal.js';

export interface ProgressLine<T> {
  update(state: T): void;
  /** Takes the line away; the next update draws it again. */
  clear(): void;
  stop(): void;
}

/** A bar of `stream`'s width that says `line(state)`; silent where there is no terminal. */
function createLine<T>(
  stream: NodeJS.WriteStream,
  describe: (state: T) => { readonly share: number; readonly head: string; readonly tail: string },
): ProgressLine<T> {
  if (!isTerminal(stream)) return { update() {}, clear() {}, stop() {} };
  let bar: SingleBar | undefined;
  const options: Options = {
    stream,
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
    fps: 10,
    format: (_, { progress }, payload: { head: string; tail: string }) => {
      // What does not fit is the bar, never the figures.
      const room = Math.min(
        30,
        (stream.columns ?? 80) - payload.head.length - payload.tail.length - 3,
      );
      const filled = Math.round(progress * room);
      const drawn = room >= 5 ? ` ${'█'.repeat(filled)}${'░'.repeat(room - filled)}` : '';
      return `${payload.head}${drawn} ${payload.tail}`.slice(0, (stream.columns ?? 80) - 1);
    },
  };
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update(state) {
      const { share, head, tail } = describe(state);
      if (!bar) {
        bar = new SingleBar(options);
        bar.start(1000, 0, { head, tail });
      }
      bar.update(Math.round(share * 1000), { head, tail });
    },
    clear: stop,
    stop,
  };
}

/** Training: epoch, bar, loss, accuracy, images/s, time left. */
export const createProgress = (stream: NodeJS.WriteStream): ProgressLine<Progress> =>
  createLine(
    stream,
    ({ epoch, epochs, samplesDone, samples, loss, accuracy, imagesPerSecond, secondsLeft }) => ({
      share: samplesDone / samples,
      head: `${epoch}/${epochs}`,
      tail: `loss ${loss.toFixed(3)}  acc ${formatPercent(accuracy)}  ${formatCount(imagesPerSecond)}/s  ${formatSeconds(secondsLeft)} left`,
    }),
  );

/** Downloading: name, bar, bytes. */
export const downloadBar = (stream: NodeJS.WriteStream): ProgressLine<DownloadProgress> =>
  createLine(stream, ({ name, done, total }) => ({
    share: done / total,
    head: name,
    tail: `${formatBytes(done)} of ${formatBytes(total)}`,
  }));

/** `epoch 1  loss 0.2308  accuracy 93.12 %  test loss 0.0749  test accuracy 97.67 %  19,280 images/s` */
export function epochLine({
  epoch,
  loss,
  accuracy,
  valLoss,
  valAccuracy,
  imagesPerSecond,
}: EpochRecord): string {
  const parts = [
    `epoch ${String(epoch).padStart(2)}`,
    `loss ${loss.toFixed(4)}`,
    `accuracy ${formatPercent(accuracy)}`,
  ];
  if (valLoss !== undefined && valAccuracy !== undefined) {
    parts.push(`test ${valLoss.toFixed(4)}`, formatPercent(valAccuracy));
  }
  return [...parts, `${formatCount(imagesPerSecond)} images/s`].join('  ');
}
