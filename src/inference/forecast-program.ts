/** Forecasts by program files of models of series, which other programs do not carry. */
import { isObject, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { windowsAhead, type ForecastRow } from '../data/series-ahead.js';
import { readSeriesFormat } from '../data/read-series-format.js';
import { knownWidth, pastWidth, type SeriesFormat } from '../data/series-format.js';
import { gatherRows, type SeriesRows } from '../data/series-rows.js';
import { sizeOf } from '../graph/tensor.js';
import type { InferenceProgram } from './run-program.js';

/**
 * The next rows of a series, as many as the model's horizon, with the bits of `forecast`: from at least a window of rows as
 * objects, or columns by name, in the units of training. Rows with what is known in advance follow without targets.
 * @throws LanewiseError kind 'argument' for the program of another model; kind 'file' if the description of its series does
 * not fit its inputs; kind 'data' as `seriesDataset`, and for fewer rows than a window.
 */
export function forecastOf(program: InferenceProgram, rows: SeriesRows): ForecastRow[] {
  const isProgram =
    isObject(program) &&
    typeof program['predict'] === 'function' &&
    isObject(program['inputs']) &&
    Array.isArray(program['output']);
  if (!isProgram) refuse('forecastOf', 'program', program, 'a program of loadProgram');
  const format = formatOf(program);
  const { inputs, rowsOf } = windowsAhead(gatherRows(rows, format), format);
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, field]) => [name, field.values as Float32Array]),
  );
  return rowsOf(program.predict(values).scores);
}

function formatOf({ series, inputs, output }: InferenceProgram): SeriesFormat {
  if (series === undefined)
    throw new LanewiseError(
      'argument',
      'forecastOf: the program’s model was not trained on a series',
      'program.predict takes other samples',
    );
  const format = readSeriesFormat(series);
  if (!format)
    throw new LanewiseError(
      'file',
      'forecastOf: the program’s series does not say its columns, spacing, window and horizon',
    );
  const { window, horizon, targets } = format;
  const ahead = horizon * knownWidth(format);
  const sizes = { input: window * pastWidth(format), ...(ahead > 0 ? { future: ahead } : {}) };
  const isSo =
    Object.keys(inputs).length === Object.keys(sizes).length &&
    Object.entries(sizes).every(([name, size]) => inputs[name] && sizeOf(inputs[name]) === size) &&
    sizeOf(output) === horizon * targets.length;
  if (isSo) return format;
  throw new LanewiseError(
    'file',
    `forecastOf: the program takes ${shapesOf(inputs)}, and its series has windows of ${window} rows with ${pastWidth(format)} columns and a horizon of ${horizon}`,
  );
}

const shapesOf = (inputs: InferenceProgram['inputs']): string =>
  Object.entries(inputs)
    .map(([name, shape]) => `${name} ${shape.join('×')}`)
    .join(', ');
