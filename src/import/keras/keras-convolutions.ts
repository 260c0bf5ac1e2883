/** Convolutions: kernels are turned from height × width × in × out to out × in × height × width. */
import {
  conv1d,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  pad,
  slice,
} from '../../layers/index.js';
import type { Shape } from '../../graph/tensor.js';
import { activationName, activationOf } from './keras-functions.js';
import {
  choiceOf,
  countOf,
  flagOf,
  isGiven,
  only,
  refuseIn,
  sizesOf,
  warnIn,
  type Settings,
} from './keras-settings.js';
import { unfit, type Build, type Site } from './keras-site.js';
import { asKeras, asMoved, type Value } from './keras-values.js';
import { permuted } from './keras-weights.js';

/** The settings that all convolutions have, along `axes` axes. */
function windowOf(s: Settings, axes: number, paddings: readonly ('valid' | 'same' | 'causal')[]) {
  const format = choiceOf(s, 'data_format', ['channels_last', 'channels_first'], 'channels_last');
  return {
    kernel: sizesOf(s, 'kernel_size', axes, 1),
    stride: sizesOf(s, 'strides', axes, 1),
    dilation: sizesOf(s, 'dilation_rate', axes, 1),
    padding: choiceOf(s, 'padding', paddings, 'valid'),
    bias: flagOf(s, 'use_bias', true),
    isFirst: format === 'channels_first',
    activate: activationOf(s, 'activation'),
  };
}

/** Channels first as Lanewise has them, from either format; `rank` is the sample's. */
export function channelsFirst(site: Site, value: Value, isFirst: boolean, rank: number): Value {
  if (value.shape.length !== rank)
    unfit(`its input is ${value.shape.join('×') || 'a number'}, expected ${rank} axes`);
  if (!isFirst) return asMoved(value, site.apply);
  const plain = asKeras(value, site.apply);
  const [c, ...others] = plain.shape;
  return { ...plain, shape: [...others, c!], moved: true };
}

/** The value in the file's format again. */
export const inFormat = (value: Value, isFirst: boolean): Value =>
  isFirst
    ? { ...value, shape: [value.shape.at(-1)!, ...value.shape.slice(0, -1)], moved: false }
    : value;

const channelsOf = ({ shape }: Value): number => shape.at(-1)!;

/** out × in × … from … × in × out. */
const turned = (values: Float32Array, shape: Shape): Float32Array => {
  const axes = shape.length;
  return permuted(values, shape, [axes - 1, axes - 2, ...shape.slice(2).map((_, i) => i)]);
};

/** (C·M) × 1 × … from … × C × M. */
const turnedDepthwise = (values: Float32Array, shape: Shape): Float32Array => {
  const axes = shape.length;
  return permuted(values, shape, [axes - 2, axes - 1, ...shape.slice(2).map((_, i) => i)]);
};

const pair = (sizes: readonly number[]): [number, number] => [sizes[0]!, sizes[1]!];

export function convolve2d(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 2, [
    'valid',
    'same',
  ]);
  const filters = countOf(s, 'filters');
  const groups = countOf(s, 'groups', 1);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 3);
    const channels = channelsOf(value);
    const options = {
      stride: pair(stride),
      dilation: pair(dilation),
      padding: padding as 'valid' | 'same',
      groups,
      bias,
    };
    const y = site.own('', () => conv2d(channels, filters, pair(kernel), options), value);
    const shape = [...kernel, channels / groups, filters];
    const found = site.arrays({ kernel: shape, ...(bias ? { bias: [filters] } : {}) });
    site.set('weight', turned(found['kernel']!, shape));
    if (bias) site.set('bias', found['bias']!);
    return activate(site, inFormat(y, isFirst));
  };
}

/** Zeros before the steps, so that none sees a later one. */
const causal = (site: Site, value: Value, width: number): Value =>
  width === 0
    ? value
    : site.apply(
        pad([
          [0, 0],
          [width, 0],
        ]),
        value,
      );

export function convolve1d(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 1, [
    'valid',
    'same',
    'causal',
  ]);
  const [k, d] = [kernel[0]!, dilation[0]!];
  const filters = countOf(s, 'filters');
  const groups = countOf(s, 'groups', 1);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 2);
    const channels = channelsOf(value);
    const isCausal = padding === 'causal';
    const options = {
      stride: stride[0]!,
      dilation: d,
      padding: isCausal ? ('valid' as const) : padding,
      groups,
      bias,
    };
    const x = isCausal ? causal(site, value, (k - 1) * d) : value;
    const y = site.own('', () => conv1d(channels, filters, k, options), x);
    const shape = [k, channels / groups, filters];
    const found = site.arrays({ kernel: shape, ...(bias ? { bias: [filters] } : {}) });
    site.set('weight', turned(found['kernel']!, shape));
    if (bias) site.set('bias', found['bias']!);
    return activate(site, inFormat(y, isFirst));
  };
}

export function convolveDepthwise(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 2, [
    'valid',
    'same',
  ]);
  const depthMultiplier = countOf(s, 'depth_multiplier', 1);
  // tfjs stores the setting and computes without it, so its weights were trained so.
  const isIgnored = s.dialect === 'tfjs' && dilation.some((one) => one !== 1);
  if (isIgnored)
    warnIn(s, `dilation_rate ${dilation.join('×')} is left out, as tfjs computes without it`);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 3);
    const channels = channelsOf(value);
    const options = {
      stride: pair(stride),
      dilation: isIgnored ? 1 : pair(dilation),
      padding: padding as 'valid' | 'same',
      depthMultiplier,
      bias,
    };
    const y = site.own('', () => depthwiseConv2d(channels, pair(kernel), options), value);
    const shape = [...kernel, channels, depthMultiplier];
    // tfjs and Keras 2 name it otherwise than Keras 3.
    const name = site.shapes(['depthwise_kernel'])[0] ? 'depthwise_kernel' : 'kernel';
    const found = site.arrays({
      [name]: shape,
      ...(bias ? { bias: [channels * depthMultiplier] } : {}),
    });
    site.set('weight', turnedDepthwise(found[name]!, shape));
    if (bias) site.set('bias', found['bias']!);
    return activate(site, inFormat(y, isFirst));
  };
}

/** The filters per channel, which tfjs leaves out of its files: there they follow from the kernel's shape. */
function multiplierIn(site: Site, s: Settings, given: number): number {
  if (isGiven(s, 'depth_multiplier')) return given;
  return site.shapes(['depthwise_kernel'])[0]?.at(-1) ?? given;
}

/** A depthwise convolution, and one of single pixels: `name.depthwise` and `name.pointwise`. */
export function convolveSeparable2d(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 2, [
    'valid',
    'same',
  ]);
  // tfjs has the channels last until after the activation, but adds the bias as if they were first.
  if (s.dialect === 'tfjs' && isFirst)
    if (bias || /soft_?max/i.test(activationName(s, 'activation')))
      refuseIn(s, "data_format is 'channels_first', with which tfjs itself computes it otherwise");
  const filters = countOf(s, 'filters');
  const multiplier = countOf(s, 'depth_multiplier', 1);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 3);
    const channels = channelsOf(value);
    const depthMultiplier = multiplierIn(site, s, multiplier);
    const middle = channels * depthMultiplier;
    const options = {
      stride: pair(stride),
      dilation: pair(dilation),
      padding: padding as 'valid' | 'same',
      depthMultiplier,
      bias: false,
    };
    const x = site.own('.depthwise', () => depthwiseConv2d(channels, pair(kernel), options), value);
    const y = site.own('.pointwise', () => conv2d(middle, filters, 1, { bias }), x);
    setSeparable(site, [...kernel, channels, depthMultiplier], middle, filters, bias);
    return activate(site, inFormat(y, isFirst));
  };
}

function setSeparable(
  site: Site,
  depthwise: Shape,
  middle: number,
  filters: number,
  bias: boolean,
): void {
  const pointwise = [...depthwise.slice(2).map(() => 1), middle, filters];
  const found = site.arrays({
    depthwise_kernel: depthwise,
    pointwise_kernel: pointwise,
    ...(bias ? { bias: [filters] } : {}),
  });
  site.set('depthwise.weight', turnedDepthwise(found['depthwise_kernel']!, depthwise));
  site.set('pointwise.weight', turned(found['pointwise_kernel']!, pointwise));
  if (bias) site.set('pointwise.bias', found['bias']!);
}

export function convolveSeparable1d(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 1, [
    'valid',
    'same',
    'causal',
  ]);
  const [k, d] = [kernel[0]!, dilation[0]!];
  const filters = countOf(s, 'filters');
  const multiplier = countOf(s, 'depth_multiplier', 1);
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 2);
    const channels = channelsOf(value);
    const depthMultiplier = multiplierIn(site, s, multiplier);
    const middle = channels * depthMultiplier;
    const isCausal = padding === 'causal';
    const options = {
      stride: stride[0]!,
      dilation: d,
      padding: isCausal ? ('valid' as const) : padding,
      groups: channels,
      bias: false,
    };
    const padded = isCausal ? causal(site, value, (k - 1) * d) : value;
    const x = site.own('.depthwise', () => conv1d(channels, middle, k, options), padded);
    const y = site.own('.pointwise', () => conv1d(middle, filters, 1, { bias }), x);
    setSeparable(site, [k, channels, depthMultiplier], middle, filters, bias);
    return activate(site, inFormat(y, isFirst));
  };
}

/**
 * Keras' transposed convolution: with `same` the sides grow by the stride, an odd row or column being cut at the end;
 * with `valid` they hold all that the kernel reaches.
 */
export function convolveTransposed2d(s: Settings): Build {
  const { kernel, stride, dilation, padding, bias, isFirst, activate } = windowOf(s, 2, [
    'valid',
    'same',
  ]);
  if (dilation.some((one) => one !== 1)) refuseIn(s, `dilation_rate is ${dilation.join('×')}`);
  only(s, 'output_padding', null, undefined);
  const filters = countOf(s, 'filters');
  const over = kernel.map((k, i) => (padding === 'same' ? Math.max(k - stride[i]!, 0) : 0));
  const options = {
    stride: pair(stride),
    padding: pair(over.map((total) => total >> 1)),
    outputPadding: pair(kernel.map((k, i) => Math.max(stride[i]! - k, 0))),
    bias,
  };
  return (site, given) => {
    const value = channelsFirst(site, given, isFirst, 3);
    const channels = channelsOf(value);
    const whole = site.own(
      '',
      () => convTranspose2d(channels, filters, pair(kernel), options),
      value,
    );
    const y = over.reduce(
      (image, total, i) => (total % 2 ? site.apply(slice(2 + i, 0, -1), image) : image),
      whole,
    );
    const shape = [...kernel, filters, channels];
    const found = site.arrays({ kernel: shape, ...(bias ? { bias: [filters] } : {}) });
    site.set('weight', turned(found['kernel']!, shape));
    if (bias) site.set('bias', found['bias']!);
    return activate(site, inFormat(y, isFirst));
  };
}
