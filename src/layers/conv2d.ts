/**
 * Convolutional layers, with PyTorch's names and order: Conv2d(in, out, kernel, stride, padding, dilation, groups,
 * bias). Initial values are PyTorch's, uniform in ±1/√fan-in.
 */
import {
  checkOptions,
  extent,
  flag,
  natural,
  oneOf,
  oneOrTwo,
  pairOf,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { fanInUniform, INITS, initSettings, type InitOptions } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** One number or [vertical, horizontal]. */
export type Extent = number | readonly [number, number];

/** Settings that all convolutions have; `Size` is a number, or one for each axis. */
export interface ConvOptions<Size> extends InitOptions {
  /** Default 1. */
  readonly stride?: Size;
  /**
   * Pixels around the image, default 0 (`valid`). `same` pads to ⌈extent/stride⌉ outputs, an odd pixel at the end:
   * PyTorch's rule for stride 1, TensorFlow's for others.
   */
  readonly padding?: Size | 'same' | 'valid';
  /** Steps between a kernel's taps; default 1. */
  readonly dilation?: Size;
  /** Groups into which the channels of both sides are split, each convolved by itself; default 1. */
  readonly groups?: number;
  /** Values around the image: `zeros` (default), the nearest pixel or the mirrored image. */
  readonly paddingMode?: ops.PaddingMode;
  /** Default true. */
  readonly bias?: boolean;
}

/** Settings of `conv2d`. */
export interface Conv2dOptions extends ConvOptions<Extent> {
  /**
   * `auto` (default) uses Winograd's algorithm for 3×3 and 5×5 filters of stride 1 where that is faster; `direct`
   * never does: half to a fifth of the rounding error at a third of the speed (docs/winograd.md).
   */
  readonly algorithm?: ops.Algorithm;
}

/** A check of the padding mode. */
export const modeOfPadding: Check = /* @__PURE__ */ oneOf(['zeros', 'replicate', 'reflect']);

/** A check of the pixels around an image, in one dimension or two, or their name. */
/* @__NO_SIDE_EFFECTS__ */
const paddingOf =
  (pixels: Check): Check =>
  (layer, name, value) =>
    (typeof value === 'string' ? oneOf(['same', 'valid']) : pixels)(layer, name, value);

/** Checks of all convolutions' options; `sizeOf` turns a check of a number into one of sizes. */
const common = (sizeOf: (check: Check) => Check) => ({
  stride: sizeOf(extent),
  dilation: sizeOf(extent),
  bias: flag,
  ...INITS,
});

/** In one dimension, sizes are numbers. */
const alone = (check: Check): Check => check;

/** @throws LanewiseError kind 'argument' unless `groups` divides both numbers of channels. */
function checkGroups(layer: string, groups: number, inputs: number, outputs: number): void {
  const undivided = ops.undividedBy(groups, inputs, outputs);
  if (undivided) throw new LanewiseError('argument', `${layer}: ${undivided}`);
}

/** Options other than the defaults, so that files of models without them do not change. */
const unlessDefault = (
  options: Readonly<Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>>,
): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => value !== defaults[name]));

/** The common part of conv2d and depthwiseConv2d. */
function convolution(
  kind: string,
  [inChannels, outChannels]: readonly [number, number],
  kernelSize: Extent,
  {
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
    paddingMode = 'zeros',
    bias = true,
    algorithm = 'auto',
    ...inits
  }: Conv2dOptions,
  settings: Readonly<Record<string, unknown>>,
): Layer {
  oneOrTwo(extent)(kind, 'kernelSize', kernelSize);
  const [kh, kw] = pairOf(kernelSize);
  checkGroups(kind, groups, inChannels, outChannels);
  const attributes = {
    stride: pairOf(stride),
    padding: typeof padding === 'string' ? padding : pairOf(padding),
    dilation: pairOf(dilation),
    groups,
    paddingMode,
    algorithm,
  };
  const all = {
    ...settings,
    kernelSize,
    stride,
    padding,
    bias,
    ...unlessDefault(
      { dilation, paddingMode, algorithm },
      { dilation: 1, paddingMode: 'zeros', algorithm: 'auto' },
    ),
    ...initSettings(inits),
  };
  return defineLayer(kind, all, (scope, x) => {
    const each = inChannels / groups;
    const usual = fanInUniform(each * kh * kw);
    const { weightInit = usual, biasInit = usual } = inits;
    const w = scope.parameter('weight', [outChannels, each, kh, kw], weightInit);
    const b = bias ? scope.parameter('bias', [outChannels], biasInit) : null;
    return ops.conv2d(x!, w, b, attributes);
  });
}

/**
 * Cross-correlation of N×inChannels×H×W images with outChannels filters; see ops/conv2d.ts.
 * Parameters: weight outChannels×inChannels/groups×kh×kw, bias outChannels.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range, or groups that do not divide
 * the channels.
 */
export function conv2d(
  inChannels: number,
  outChannels: number,
  kernelSize: Extent,
  options: Conv2dOptions = {},
): Layer {
  extent('conv2d', 'inChannels', inChannels);
  extent('conv2d', 'outChannels', outChannels);
  checkOptions('conv2d', options, {
    ...common(oneOrTwo),
    padding: paddingOf(oneOrTwo(natural)),
    paddingMode: modeOfPadding,
    groups: extent,
    algorithm: oneOf(['auto', 'direct']),
  });
  const { groups = 1 } = options;
  return convolution('conv2d', [inChannels, outChannels], kernelSize, options, {
    inChannels,
    outChannels,
    ...unlessDefault({ groups }, { groups: 1 }),
  });
}

/** Settings of `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, 'groups' | 'algorithm'> {
  /** Filters per channel; default 1. */
  readonly depthMultiplier?: number;
}

/**
 * conv2d with a group for each channel (Chollet 2017): Keras's DepthwiseConv2D.
 * Parameters: weight inChannels·depthMultiplier×1×kh×kw, bias inChannels·depthMultiplier.
 * @throws LanewiseError kind 'argument' as conv2d.
 */
export function depthwiseConv2d(
  inChannels: number,
  kernelSize: Extent,
  given: DepthwiseConv2dOptions = {},
): Layer {
  const kind = 'depthwiseConv2d';
  checkOptions(kind, given, {
    ...common(oneOrTwo),
    padding: paddingOf(oneOrTwo(natural)),
    paddingMode: modeOfPadding,
    depthMultiplier: extent,
  });
  const { depthMultiplier = 1, ...options } = given;
  extent(kind, 'inChannels', inChannels);
  const channels = [inChannels, inChannels * depthMultiplier] as const;
  const settings = { inChannels, depthMultiplier };
  return convolution(kind, channels, kernelSize, { ...options, groups: inChannels }, settings);
}

/**
 * Cross-correlation of N×inChannels×L sequences with outChannels filters; see ops/conv1d.ts.
 * Parameters: weight outChannels×inChannels/groups×kernelSize, bias outChannels.
 * @throws LanewiseError kind 'argument' as conv2d.
 */
export function conv1d(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  options: ConvOptions<number> = {},
): Layer {
  checkOptions('conv1d', options, {
    ...common(alone),
    padding: paddingOf(natural),
    paddingMode: modeOfPadding,
    groups: extent,
  });
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const { paddingMode = 'zeros', bias = true, weightInit, biasInit } = options;
  const inits = initSettings({ weightInit, biasInit });
  const kind = 'conv1d';
  extent(kind, 'inChannels', inChannels);
  extent(kind, 'outChannels', outChannels);
  extent(kind, 'kernelSize', kernelSize);
  checkGroups(kind, groups, inChannels, outChannels);
  const attributes = { stride, padding, dilation, groups, paddingMode };
  const settings = { inChannels, outChannels, kernelSize, ...attributes, bias, ...inits };
  return defineLayer(kind, settings, (scope, x) => {
    const each = inChannels / groups;
    const usual = fanInUniform(each * kernelSize);
    const w = scope.parameter('weight', [outChannels, each, kernelSize], weightInit ?? usual);
    const b = bias ? scope.parameter('bias', [outChannels], biasInit ?? usual) : null;
    return ops.conv1d(x!, w, b, attributes);
  });
}

/** Settings of `convTranspose2d`. */
export interface ConvTranspose2dOptions extends Pick<
  Conv2dOptions,
  'stride' | 'dilation' | 'groups' | 'bias' | 'weightInit' | 'biasInit'
> {
  /** The padding of the conv2d that it reverses, which is removed from the output; default 0. */
  readonly padding?: Extent;
  /** Additional rows at the bottom and columns at the right, less than the stride; default 0. */
  readonly outputPadding?: Extent;
}

/**
 * Transposed convolution, from N×inChannels×P×Q to larger images; see ops/conv-transpose2d.ts.
 * Parameters: weight inChannels×outChannels/groups×kh×kw, bias outChannels. Their fan-in is PyTorch's: that of the
 * convolution whose gradient it is, outChannels/groups·kh·kw.
 * @throws LanewiseError kind 'argument' as conv2d.
 */
export function convTranspose2d(
  inChannels: number,
  outChannels: number,
  kernelSize: Extent,
  options: ConvTranspose2dOptions = {},
): Layer {
  checkOptions('convTranspose2d', options, {
    ...common(oneOrTwo),
    padding: oneOrTwo(natural),
    outputPadding: oneOrTwo(natural),
    groups: extent,
  });
  const {
    stride = 1,
    padding = 0,
    outputPadding = 0,
    dilation = 1,
    groups = 1,
    bias = true,
    weightInit,
    biasInit,
  } = options;
  const kind = 'convTranspose2d';
  const inits = initSettings({ weightInit, biasInit });
  extent(kind, 'inChannels', inChannels);
  extent(kind, 'outChannels', outChannels);
  oneOrTwo(extent)(kind, 'kernelSize', kernelSize);
  const [kh, kw] = pairOf(kernelSize);
  checkGroups(kind, groups, inChannels, outChannels);
  const attributes = {
    stride: pairOf(stride),
    padding: pairOf(padding),
    outputPadding: pairOf(outputPadding),
    dilation: pairOf(dilation),
    groups,
  };
  const settings = { inChannels, outChannels, kernelSize, ...attributes, bias, ...inits };
  return defineLayer(kind, settings, (scope, x) => {
    const each = outChannels / groups;
    const usual = fanInUniform(each * kh * kw);
    const w = scope.parameter('weight', [inChannels, each, kh, kw], weightInit ?? usual);
    const b = bias ? scope.parameter('bias', [outChannels], biasInit ?? usual) : null;
    return ops.convTranspose2d(x!, w, b, attributes);
  });
}

export const convolutionLayers: Constructors = {
  conv1d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    conv1d(inChannels, outChannels, kernelSize, options),
  conv2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    conv2d(inChannels, outChannels, kernelSize, options),
  convTranspose2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    convTranspose2d(inChannels, outChannels, kernelSize, options),
  depthwiseConv2d: ({ inChannels, kernelSize, ...options }) =>
    depthwiseConv2d(inChannels, kernelSize, options),
};
