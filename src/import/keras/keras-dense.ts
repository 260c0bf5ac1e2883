/** Dense layers, embeddings, dropout and what passes values on. */
import { dropout, dropout2d, embedding, linear, rescale } from '../../layers/index.js';
import { activationOf } from './keras-functions.js';
import { countOf, flagOf, numberOf, only, warnIn, type Settings } from './keras-settings.js';
import { unfit, type Build } from './keras-site.js';
import { asKeras, asMoved, inOrderOf } from './keras-values.js';
import { permuted, rowsOfImage } from './keras-weights.js';

/** Dense along the last axis. After a Flatten of images its rows are put in the order of C×H×W. */
export function dense(s: Settings): Build {
  const units = countOf(s, 'units');
  const bias = flagOf(s, 'use_bias', true);
  only(s, 'quantization_config', null, undefined);
  const activate = activationOf(s, 'activation');
  return (site, given) => {
    const value = given.flat && !site.isShared ? given : asKeras(given, site.apply);
    const features = value.shape.at(-1) ?? unfit('its input is a single number, expected a vector');
    const y = site.own('', () => linear(features, units, { bias }), value);
    const { kernel, ...rest } = site.arrays({
      kernel: [features, units],
      ...(bias ? { bias: [units] } : {}),
    });
    const rows = value.flat ? rowsOfImage(kernel!, units, value.flat) : kernel!;
    site.set('weight', permuted(rows, [features, units], [1, 0]));
    if (bias) site.set('bias', rest['bias']!);
    return activate(site, y);
  };
}

/** Embedding of an input of whole numbers. */
export function embed(s: Settings): Build {
  const rows = countOf(s, 'input_dim');
  const features = countOf(s, 'output_dim');
  const masked = flagOf(s, 'mask_zero', false);
  only(s, 'quantization_config', null, undefined);
  return (site, value) => {
    site.tokens(value, rows);
    const y = site.own('', () => embedding(rows, features), value);
    site.set('weight', site.arrays({ embeddings: [rows, features] })['embeddings']!);
    return masked ? { ...y, masked: true } : y;
  };
}

/** Passes its input on, in training as in evaluation. */
export const identity = (): Build => (_, value) => value;

/** A layer that does something in training only, and is left out. */
export function leftOut(s: Settings): Build {
  warnIn(s, 'it acts in training only, and is left out');
  return (_, value) => value;
}

const rateOf = (s: Settings): number => {
  const rate = numberOf(s, 'rate', 0.5);
  if (rate >= 0 && rate < 1) return rate;
  s.refusals.push(`rate is ${rate}, expected one from 0 to below 1`);
  return 0;
};

export function drop(s: Settings): Build {
  const rate = rateOf(s);
  only(s, 'noise_shape', null, undefined);
  return (site, value) =>
    inOrderOf(
      value,
      site.own('', () => dropout(rate), value),
    );
}

/** Dropout of whole channels. */
export function dropChannels(s: Settings): Build {
  const rate = rateOf(s);
  only(s, 'data_format', null, undefined, 'channels_last');
  return (site, value) => site.own('', () => dropout2d(rate), asMoved(value, site.apply));
}

/** x·scale + offset. */
export function rescaling(s: Settings): Build {
  const [scale, offset] = [numberOf(s, 'scale', 1), numberOf(s, 'offset', 0)];
  if (scale <= 0) s.refusals.push(`scale is ${scale}, expected a number above 0`);
  if (scale < 0.1)
    warnIn(
      s,
      `it divides by ${Math.round(1 / scale)}: the model wants pixels of that range as numbers, where image files give 0 to 1 here`,
    );
  return (site, value) =>
    inOrderOf(
      value,
      site.own('', () => rescale({ mean: offset, deviation: scale }), value),
    );
}
