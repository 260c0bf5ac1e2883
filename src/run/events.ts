/**
 * What a run tells of itself, one event after another: the lines of metrics.jsonl, which the report and
 * TensorBoard's files are made from. Steps are counted from 1, an event's `step` is the last one finished.
 */
import { LanewiseError, nearest, show } from '../errors.js';
import type { Part } from './scored.js';

/** The data trained on. */
export interface RunData {
  readonly name: string;
  readonly samples: number;
  readonly [more: string]: unknown;
}

/** The first line, and one for each time that the run was resumed. */
export interface StartEvent {
  readonly event: 'start';
  /** ISO 8601. */
  readonly time: string;
  /** Of Lanewise. */
  readonly version: string;
  readonly model: string;
  readonly parameters: number;
  readonly data: RunData;
  /** What `valLoss`, `valAccuracy` and metrics are of, if there is any: test samples only if nothing is chosen by them. */
  readonly validation?: RunData & { readonly part: Part };
  readonly settings: Readonly<Record<string, unknown>>;
  /** The checkpoint's step, if this continues a run. */
  readonly resumedAt?: number;
}

/** Every few steps. */
export interface StepEvent {
  readonly event: 'step';
  readonly step: number;
  readonly epoch: number;
  /** Means over the samples since the last such line. */
  readonly loss: number;
  /** Absent where the loss knows no right answers, here and below. */
  readonly accuracy?: number;
  /** Learning rate of the step. */
  readonly rate: number;
  readonly imagesPerSecond: number;
  /** Share of the time that reading data has cost, 0 to 1: training waited, or decoders took its processors. */
  readonly waiting: number;
}

/** What validation found; `metrics` are those asked for, by name. */
interface Validated {
  readonly valAccuracy?: number;
  readonly metrics?: Readonly<Record<string, number>>;
}

/** An epoch has ended: means over its samples, and figures of the validation data. */
export interface EpochEvent extends Validated {
  readonly event: 'epoch';
  readonly epoch: number;
  readonly step: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly valLoss?: number;
  readonly imagesPerSecond: number;
  readonly seconds: number;
}

/** Between epochs. */
export interface ValidationEvent extends Validated {
  readonly event: 'validation';
  readonly epoch: number;
  readonly step: number;
  readonly valLoss: number;
}

/** Root mean squares of what flows through a layer, forward and back. */
export interface LayerProbe {
  readonly name: string;
  readonly activationNorm: number;
  readonly gradientNorm: number;
}

/** Counts of values in bins of equal width from `min` to `max`. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

export interface WeightProbe {
  readonly name: string;
  readonly norm: number;
  readonly gradientNorm: number;
  readonly histogram: Histogram;
}

/** A look into the model. */
export interface ProbeEvent {
  readonly event: 'probe';
  readonly step: number;
  readonly layers: readonly LayerProbe[];
  readonly weights: readonly WeightProbe[];
}

/** A checkpoint was written. */
export interface CheckpointEvent {
  readonly event: 'checkpoint';
  readonly step: number;
  readonly epoch: number;
  /** Name in the run's folder. */
  readonly file: string;
}

/** Something was wrong that did not stop the run. */
export interface WarningEvent {
  readonly event: 'warning';
  readonly step: number;
  readonly message: string;
}

/** The last line, unless the run was killed. */
export interface DoneEvent {
  readonly event: 'done';
  readonly step: number;
  readonly seconds: number;
  /** Of the weights. */
  readonly sha256: string;
  readonly numerics: string;
  readonly interrupted: boolean;
  readonly [more: string]: unknown;
}

/** A line of a run's metrics.jsonl. */
export type RunEvent =
  | StartEvent
  | StepEvent
  | EpochEvent
  | ValidationEvent
  | ProbeEvent
  | CheckpointEvent
  | WarningEvent
  | DoneEvent;

/** A value of the right type, or the place below it and what was found and expected there. */
type Check = (value: unknown, at: string) => unknown;

function refuse(value: unknown, at: string, expected: string): never {
  const found = value === undefined ? 'missing' : `${typeof value} ${show(value)}`;
  throw new LanewiseError('data', `${at || 'the line'} is ${found}, expected ${expected}`);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON has no word for NaN and infinities, they are written as null. */
const number: Check = (value, at) =>
  value === null ? NaN : typeof value === 'number' ? value : refuse(value, at, 'a number or null');
const whole: Check = (value, at) =>
  Number.isInteger(value) && Number(value) >= 0
    ? value
    : refuse(value, at, 'a whole number of at least 0');
const text: Check = (value, at) =>
  typeof value === 'string' ? value : refuse(value, at, 'a string');
const flag: Check = (value, at) =>
  typeof value === 'boolean' ? value : refuse(value, at, 'true or false');
const object: Check = (value, at) => (isObject(value) ? value : refuse(value, at, 'an object'));

const list =
  (check: Check): Check =>
  (value, at) =>
    Array.isArray(value)
      ? value.map((item, i) => check(item, `${at}[${i}]`))
      : refuse(value, at, 'a list');

const table =
  (check: Check): Check =>
  (value, at) =>
    Object.fromEntries(
      Object.entries(object(value, at) as object).map(([name, item]) => [
        name,
        check(item, `${at}.${name}`),
      ]),
    );

/** An object with these fields, and whatever others; a name that ends in `?` may be missing. */
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    const checked: Record<string, unknown> = { ...(object(value, at) as object) };
    for (const [key, check] of Object.entries(checks)) {
      const name = key.replace('?', '');
      if (name !== key && checked[name] === undefined) continue;
      checked[name] = check(checked[name], at ? `${at}.${name}` : name);
    }
    return checked;
  };

const part: Check = (value, at) =>
  value === 'validation' || value === 'test' ? value : refuse(value, at, "'validation' or 'test'");
const validated = { 'valAccuracy?': number, 'metrics?': table(number) };
const histogram = fields({ min: number, max: number, counts: list(whole) });

const events: Readonly<Record<RunEvent['event'], Check>> = {
  start: fields({
    time: text,
    version: text,
    model: text,
    parameters: whole,
    data: fields({ name: text, samples: whole }),
    'validation?': fields({ name: text, samples: whole, part }),
    settings: object,
    'resumedAt?': whole,
  }),
  step: fields({
    step: whole,
    epoch: whole,
    loss: number,
    'accuracy?': number,
    rate: number,
    imagesPerSecond: number,
    waiting: number,
  }),
  epoch: fields({
    epoch: whole,
    step: whole,
    loss: number,
    'accuracy?': number,
    'valLoss?': number,
    ...validated,
    imagesPerSecond: number,
    seconds: number,
  }),
  validation: fields({ epoch: whole, step: whole, valLoss: number, ...validated }),
  probe: fields({
    step: whole,
    layers: list(fields({ name: text, activationNorm: number, gradientNorm: number })),
    weights: list(fields({ name: text, norm: number, gradientNorm: number, histogram })),
  }),
  checkpoint: fields({ step: whole, epoch: whole, file: text }),
  warning: fields({ step: whole, message: text }),
  done: fields({
    step: whole,
    seconds: number,
    sha256: text,
    numerics: text,
    interrupted: flag,
  }),
};

/**
 * The event that a parsed line of JSON is; null where a number belongs is NaN.
 * @throws LanewiseError kind 'data' naming the field, what was found and what was expected.
 */
export function readEvent(value: unknown): RunEvent {
  const { event } = object(value, '') as Record<string, unknown>;
  const known = Object.keys(events);
  if (typeof event === 'string' && Object.hasOwn(events, event))
    return events[event as RunEvent['event']](value, '') as RunEvent;
  throw new LanewiseError(
    'data',
    `event is ${show(event)}, expected one of ${known.join(', ')}`,
    nearest(String(event), known),
  );
}
