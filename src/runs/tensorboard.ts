/** Writes a run's events for TensorBoard (Node): event files in the run's folder, which `tensorboard --logdir` finds. */
import { openSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileError } from '../node/atomic.js';
import { encodeEvent, type EventImage, type EventValue } from '../formats/tfevents.js';
import { createAppender, type AppendOptions } from './append.js';
import type {
  EpochEvent,
  LoggedEvent,
  ProbeEvent,
  StepEvent,
  ValidationEvent,
} from '../train/events.js';

export interface TensorboardWriter {
  /** Adds an event's values that have a curve or a histogram; other events are skipped. */
  write(event: LoggedEvent): void;
  /** Adds an image as PNG, such as learned filters. */
  writeImage(tag: string, step: number, image: EventImage): void;
  /** The file's name in the folder. */
  readonly file: string;
  close(): void;
}

export interface TensorboardOptions extends AppendOptions {
  /** The step of the checkpoint that the run goes on from; TensorBoard drops what earlier files say of later steps. */
  readonly resumedAt?: number;
}

/**
 * Begins a new event file in `folder`.
 * @throws LanewiseError kind 'file' if it cannot be created; writes fail as those of the metrics log.
 */
export function openTensorboard(
  folder: string,
  { resumedAt, ...options }: TensorboardOptions = {},
): TensorboardWriter {
  const { descriptor, file } = openNew(folder);
  const appender = createAppender(descriptor, 0, join(folder, file), options);
  const add = (step: number, content: 'version' | 'restart' | readonly EventValue[]): void =>
    appender.append(encodeEvent({ wallTime: Date.now() / 1000, step, content }));
  add(0, 'version');
  if (resumedAt !== undefined) add(resumedAt + 1, 'restart');
  return {
    write(event) {
      const values = valuesOf(event);
      if (values.length > 0 && 'step' in event) add(event.step, values);
    },
    writeImage: (tag, step, image) => add(step, [{ tag, image }]),
    file,
    close: () => appender.close(),
  };
}

/**
 * Opens a file whose name sorts after all that are there, even within a second and if the clock was put back: TensorBoard
 * reads a folder's files in the order of their names.
 */
function openNew(folder: string): { readonly descriptor: number; readonly file: string } {
  const seconds = Math.max(Math.floor(Date.now() / 1000), newestIn(folder) + 1);
  for (let n = 0; ; n++) {
    const file = `events.out.tfevents.${seconds}.${hostname()}.${n}`;
    try {
      return { descriptor: openSync(join(folder, file), 'wx'), file };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && n < 9) continue;
      throw fileError(`cannot write '${join(folder, file)}'`, error);
    }
  }
}

/** The seconds in the newest file's name; 0 if there is none. Names with more digits than seconds have are not ours. */
function newestIn(folder: string): number {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Opening will say why.
    return 0;
  }
  const seconds = names.map((name) => /^events\.out\.tfevents\.(\d{1,10})\./.exec(name)?.[1] ?? 0);
  return Math.max(0, ...seconds.map(Number));
}

function valuesOf(event: LoggedEvent): EventValue[] {
  switch (event.event) {
    case 'step':
      return stepValues(event);
    case 'epoch':
      return [
        ...scalars('epoch', { loss: event.loss, accuracy: event.accuracy }),
        ...validationValues(event),
        ...clusterValues(event),
      ];
    case 'validation':
      return validationValues(event);
    case 'probe':
      return probeValues(event);
    default:
      return [];
  }
}

/** The values that are present. */
const scalars = (group: string, values: Readonly<Record<string, number | undefined>>) =>
  Object.entries(values).flatMap(([name, scalar]) =>
    scalar === undefined ? [] : [{ tag: `${group}/${name}`, scalar }],
  );

const stepValues = ({ loss, accuracy, rate, imagesPerSecond, waiting, wire }: StepEvent) => [
  ...scalars('train', { loss, accuracy, rate }),
  ...scalars('speed', { imagesPerSecond, waiting, wire }),
];

const validationValues = ({ valLoss, valAccuracy, metrics }: EpochEvent | ValidationEvent) =>
  scalars('validation', { loss: valLoss, accuracy: valAccuracy, ...metrics });

const clusterValues = ({ cluster }: EpochEvent) =>
  cluster
    ? scalars('cluster', { machines: cluster.machines, wire: cluster.wire, gain: cluster.gain })
    : [];

/** Histograms of weights that are all finite. A tag holds one kind of value, so norms have tags of their own. */
function probeValues({ layers, weights }: ProbeEvent): EventValue[] {
  const histograms = weights.filter(
    ({ histogram: { min, max } }) => Number.isFinite(min) && Number.isFinite(max),
  );
  return [
    ...layers.flatMap(({ name, activationNorm, gradientNorm }) => [
      { tag: `activationNorm/${name}`, scalar: activationNorm },
      { tag: `activationGradientNorm/${name}`, scalar: gradientNorm },
    ]),
    ...weights.flatMap(({ name, norm, gradientNorm }) => [
      { tag: `weightNorm/${name}`, scalar: norm },
      { tag: `weightGradientNorm/${name}`, scalar: gradientNorm },
    ]),
    ...histograms.map(({ name, histogram }) => ({ tag: `weights/${name}`, histogram })),
  ];
}
