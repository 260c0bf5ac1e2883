/** Reads the lines of metrics.jsonl: every event is checked, field by field. Logs of earlier releases are read as well. */
import { LanewiseError, nearest, show } from '../errors.js';
import type { LoggedEvent } from '../training/events.js';

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
const unknownIfMissing: Check = (value, at) => (value === undefined ? NaN : number(value, at));
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

const events: Readonly<Record<LoggedEvent['event'], Check>> = {
  start: fields({
    time: text,
    version: text,
    model: text,
    parameters: whole,
    'folder?': text,
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
    // Logs of before do not say these two.
    samples: unknownIfMissing,
    seconds: unknownIfMissing,
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
  recovery: fields({ step: whole, reason: text }),
  done: fields({
    step: whole,
    seconds: number,
    sha256: text,
    numerics: text,
    interrupted: flag,
    'stopped?': text,
    'best?': fields({ step: whole, epoch: whole, value: number }),
    'file?': text,
    'report?': text,
  }),
};

/**
 * The event that a parsed line of JSON is; null where a number belongs is NaN.
 * @throws LanewiseError kind 'data' naming the field, what was found and what was expected.
 */
export function readEvent(value: unknown): LoggedEvent {
  const { event } = object(value, '') as Record<string, unknown>;
  const known = Object.keys(events);
  if (typeof event === 'string' && Object.hasOwn(events, event))
    return events[event as LoggedEvent['event']](value, '') as LoggedEvent;
  throw new LanewiseError(
    'data',
    `event is ${show(event)}, expected one of ${known.join(', ')}`,
    nearest(String(event), known),
  );
}
