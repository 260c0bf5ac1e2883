/** Reads the lines of metrics.jsonl, of earlier releases as well: every event is checked, field by field. */
import { flag, natural, object, oneOf, type Check } from '../base/check.js';
import { double, fields, listed, orNull, readAs, string, tableOf } from '../base/check-json.js';
import type { LoggedEvent } from '../train/events.js';

/** A number; NaN and infinities are null in JSON and become NaN. */
const number = orNull(double, NaN);
const numberOrMissing: Check = (owner, name, value) =>
  value === undefined ? NaN : number(owner, name, value);
/** An object with these fields, and perhaps others. */
const known = (checks: Readonly<Record<string, Check>>): Check => fields(checks, true);
const part = oneOf(['validation', 'test']);
const validated = { 'valAccuracy?': number, 'metrics?': tableOf(number) };
const cluster = known({
  machines: natural,
  threads: natural,
  wire: number,
  sent: natural,
  received: natural,
  'share?': oneOf(['auto', 'always']),
  gain: number,
  redone: natural,
  shares: tableOf(number),
});
const histogram = known({ min: number, max: number, counts: listed(natural) });

const events: Readonly<Record<LoggedEvent['event'], Check>> = {
  start: known({
    time: string,
    version: string,
    model: string,
    parameters: natural,
    'folder?': string,
    data: known({ name: string, samples: natural }),
    'validation?': known({ name: string, samples: natural, part }),
    settings: object,
    'resumedAt?': natural,
  }),
  step: known({
    step: natural,
    epoch: natural,
    loss: number,
    'accuracy?': number,
    rate: number,
    // Logs of earlier releases lack these two.
    samples: numberOrMissing,
    seconds: numberOrMissing,
    imagesPerSecond: number,
    waiting: number,
    'wire?': number,
  }),
  epoch: known({
    epoch: natural,
    step: natural,
    loss: number,
    'accuracy?': number,
    'valLoss?': number,
    ...validated,
    imagesPerSecond: number,
    seconds: number,
    'cluster?': cluster,
  }),
  validation: known({ epoch: natural, step: natural, valLoss: number, ...validated }),
  probe: known({
    step: natural,
    layers: listed(known({ name: string, activationNorm: number, gradientNorm: number })),
    weights: listed(known({ name: string, norm: number, gradientNorm: number, histogram })),
  }),
  checkpoint: known({ step: natural, epoch: natural, file: string }),
  warning: known({ step: natural, message: string }),
  recovery: known({ step: natural, 'from?': natural, reason: string }),
  machine: known({
    step: natural,
    machine: string,
    change: oneOf(['joined', 'left', 'refused', 'redone', 'caught', 'alone', 'sharing']),
    'threads?': natural,
    'reason?': string,
  }),
  done: known({
    step: natural,
    seconds: number,
    sha256: string,
    numerics: string,
    interrupted: flag,
    'stopped?': string,
    'best?': known({ step: natural, epoch: natural, value: number }),
    'file?': string,
    'report?': string,
    'receipt?': string,
  }),
};

/**
 * The event that a parsed line of JSON holds; null in place of a number becomes NaN. `line` names the line, for messages.
 * @throws LanewiseError kind 'data' naming the field, the value found and what was expected.
 */
export const readEvent = (value: unknown, line: string): LoggedEvent =>
  readAs('data', line, '', value, anyEvent);

const anyEvent: Check = (line, name, value) => {
  fields({ event: oneOf(Object.keys(events)) })(line, name, value);
  return events[(value as LoggedEvent).event](line, name, value);
};
