/** Calibrations: the places of a model's integers, as plain data, with what training does by them. */
import { checkKeys, isFloat, isObject, quote, refuse, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { FakeQuantization } from '../step/graphs.js';
import { placesOf } from './byte-places.js';
import { MOST, quantizedGraph, type PlaceRange, type QuantizedPlaces } from './quantized-graph.js';

/** How a range follows from the values seen: all of them, all but 1 in 10,000, or that with the least squared error. */
export type RangeRule = 'minmax' | 'percentile' | 'error';

/** What calibration has found. */
export interface CalibrationData extends QuantizedPlaces {
  /** Number of samples that the ranges are of. */
  readonly samples: number;
  readonly range: RangeRule;
}

/**
 * The ranges of a model's tensors, by the names of their places: for `quantize`, and for the setting `quantization` of
 * `train`. JSON keeps all of it but the functions, which `readCalibration` gives back.
 */
export interface Calibration extends CalibrationData, FakeQuantization {}

const KEYS = ['samples', 'range', 'ranges', 'float'];
const RULES: readonly RangeRule[] = ['minmax', 'percentile', 'error'];

/** The calibration of what was found. */
export function calibrationOf({ samples, range, ranges, float }: CalibrationData): Calibration {
  return {
    samples,
    range,
    ranges,
    float,
    checkModel: (owner, model) => checkPlaces(owner, { ranges, float }, model),
    rounded: (graph) => quantizedGraph(graph, { ranges, float }),
  };
}

/**
 * A calibration of what `JSON.parse` gives of one.
 * @throws LanewiseError kind 'argument' for anything else.
 */
export function readCalibration(value: unknown): Calibration {
  const owner = 'readCalibration';
  if (!isObject(value)) refuse(owner, 'calibration', value, 'what JSON.parse gives of one');
  const own = Object.entries(value).filter(([, one]) => typeof one !== 'function');
  const data = Object.fromEntries(own) as unknown as CalibrationData;
  checkKeys(owner, data, KEYS);
  const { samples, range, ranges, float } = data;
  wholeFrom(1)(owner, 'samples', samples);
  if (!RULES.includes(range)) refuse(owner, 'range', range, RULES.join(', '));
  if (!isObject(ranges)) refuse(owner, 'ranges', ranges, 'an object of ranges by place');
  if (!Array.isArray(float) || float.some((name) => typeof name !== 'string'))
    refuse(owner, 'float', float, 'a list of layers');
  for (const [place, one] of Object.entries<unknown>(ranges)) {
    const at = `${owner}: range of ${quote(place)}`;
    const { scale, zero } = (isObject(one) ? one : {}) as Partial<PlaceRange>;
    if (!isFloat(scale) || scale <= 0) refuse(at, 'scale', scale, 'a finite number above 0');
    const least = place.endsWith('.inner') ? -MOST - 1 : 0;
    if (!Number.isInteger(zero) || zero! < least || zero! > MOST)
      refuse(at, 'zero', zero, `a whole number from ${least} to ${MOST}`);
  }
  return calibrationOf(data);
}

/** @throws LanewiseError kind 'argument' for another model's places. */
function checkPlaces(owner: string, { ranges, float }: QuantizedPlaces, model: Model): void {
  const { bytes, inner } = placesOf([...model.graph(1, 'evaluation').outputs.values()], { float });
  const places = [...bytes, ...inner].map(({ name }) => name);
  const [other] = Object.keys(ranges).filter((name) => !places.includes(name));
  const [lacking] = places.filter((name) => !Object.hasOwn(ranges, name));
  if (other === undefined && lacking === undefined) return;
  throw new LanewiseError(
    'argument',
    other === undefined
      ? `${owner}: the calibration has no range for ${quote(lacking)} of the model`
      : `${owner}: the calibration has a range for ${quote(other)}, which the model lacks`,
    'a calibration belongs to the model that it was made with: calibrate(trained, data) makes one',
  );
}
