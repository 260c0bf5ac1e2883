/** The baselines of series: what was last goes on, or what was a season before comes again. */
import { checkOptions, extent, refuse, text, wholeFrom } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { samplesOf } from '../data/forms.js';
import { UNNAMED } from '../data/samples.js';
import { sizeOf } from '../graph/tensor.js';
import type { Baseline } from './baseline.js';

/** Where the past of the series stands in a sample. */
export interface NaiveOptions {
  /** The input with the window, of shape [steps] or [steps, columns]; default the only one. */
  readonly input?: string;
  /** The column of the window that is forecast, from 0; default 0. */
  readonly column?: number;
  /** How many steps are forecast; default 1. */
  readonly horizon?: number;
}

/** Options of a forecast by season. */
export interface SeasonalOptions extends NaiveOptions {
  /** Steps of a season: 24 for days of hours, 7 for weeks of days; at most those of the window. */
  readonly season: number;
}

const CHECKS = { input: text, column: wholeFrom(0), horizon: extent } as const;

/** The last value of the window for every step ahead, which the forecast of a series has to beat. */
export function lastValue(options: NaiveOptions = {}): Baseline {
  checkOptions('baselines.lastValue', options, CHECKS);
  return naive('the last value', 1, options);
}

/**
 * For each step ahead the value at the same time a season before.
 * @throws LanewiseError kind 'argument' without a season; `predict` refuses one that is longer than the window.
 */
export function seasonal(options: SeasonalOptions): Baseline {
  checkOptions('baselines.seasonal', options, { ...CHECKS, season: extent });
  const { season } = options;
  if (season === undefined) refuse('baselines.seasonal', 'season', season, 'its number of steps');
  return naive(`the value ${season} steps before`, season, options);
}

function naive(
  name: string,
  season: number,
  { input, column = 0, horizon = 1 }: NaiveOptions,
): Baseline {
  return {
    name,
    task: 'values',
    outputs: horizon,
    predict(data) {
      const samples = samplesOf(data);
      const refuseData = (what: string, hint?: string) =>
        new LanewiseError('data', `${name} of '${samples.name}': ${what}`, hint);
      const names = Object.keys(samples.inputs);
      const key = input ?? names[0]!;
      if (input === undefined && names.length > 1)
        throw refuseData(`there are the inputs ${names.join(', ')}`, 'input names one');
      const field = Object.hasOwn(samples.inputs, key) ? samples.inputs[key] : undefined;
      if (!field || key === UNNAMED || samples.source)
        throw refuseData(`there is no input '${key}' of windows`, nearest(key, names));
      const { shape, values } = field;
      const [steps = 1, ...others] = shape;
      const columns = sizeOf(others);
      if (column >= columns)
        throw refuseData(`column ${column} of a window of ${columns}, counted from 0`);
      if (season > steps) throw refuseData(`a season has ${season} steps, and the window ${steps}`);
      const result = new Float64Array(samples.count * horizon);
      for (let i = 0; i < samples.count; i++)
        for (let h = 0; h < horizon; h++) {
          const step = steps - season + (h % season);
          result[i * horizon + h] = values[(i * steps + step) * columns + column]!;
        }
      return result;
    },
  };
}
