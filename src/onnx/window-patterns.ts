/** Patterns of windows over images and sequences: convolutions, pooling, response normalisation, resampling. */
import * as layers from '../layers/index.js';
import type { PoolOptions } from '../layers/pool.js';
import { numberAt } from './attributes.js';
import {
  one,
  rankOf,
  samplesAt,
  shortPair,
  weightAt,
  wiresAt,
  type Call,
  type Pattern,
  type Patterns,
} from './pattern.js';
import { add } from './reader.js';
import { asWritten, type Value, type Weight, type Wires } from './value.js';
import { viewed } from './moving-patterns.js';
import { layerNamed } from './weights.js';

interface Window {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const listOr = (
  { attributes }: Call,
  name: string,
  axes: number,
  value: number,
): readonly number[] =>
  (attributes[name] as number[] | undefined) ?? Array.from({ length: axes }, () => value);

/** The strides, dilations and pixels around of a node with a kernel. */
function windowOf(
  call: Call,
  kernel: readonly number[],
  extents: readonly number[],
): Window | undefined {
  const axes = kernel.length;
  const [stride, dilation] = [listOr(call, 'strides', axes, 1), listOr(call, 'dilations', axes, 1)];
  const pads = listOr(call, 'pads', 2 * axes, 0);
  if (stride.length !== axes || dilation.length !== axes || pads.length !== 2 * axes)
    return undefined;
  const auto = call.attributes['auto_pad'] ?? 'NOTSET';
  if (auto === 'NOTSET' || auto === 'VALID') {
    const own = auto === 'VALID' ? pads.map(() => 0) : pads;
    return own.every((one) => one >= 0)
      ? { stride, dilation, before: own.slice(0, axes), after: own.slice(axes) }
      : undefined;
  }
  const total = kernel.map((k, i) =>
    Math.max(
      0,
      (Math.ceil(extents[i]! / stride[i]!) - 1) * stride[i]! +
        (k - 1) * dilation[i]! +
        1 -
        extents[i]!,
    ),
  );
  const small = total.map((one) => Math.floor(one / 2));
  const large = total.map((one) => Math.ceil(one / 2));
  return {
    stride,
    dilation,
    ...(auto === 'SAME_LOWER' ? { before: large, after: small } : { before: small, after: large }),
  };
}

const isEven = ({ before, after }: Window): boolean => before.join() === after.join();

/** x with zeros around, for a window whose sides differ. */
function padded(call: Call, x: Wires, { before, after }: Window): Wires {
  const layer =
    before.length === 2
      ? layers.pad2d([before[1]!, after[1]!, before[0]!, after[0]!])
      : layers.pad([
          [0, 0],
          [before[0]!, after[0]!],
        ]);
  return add(call.reader, {
    layer,
    inputs: [x],
    node: call.node,
    wanted: `${call.reader.names(call.node)}.pad`,
  });
}

/** A convolution's input and parameters, which are those of the file as they are; undefined for others. */
function operandsOf(call: Call): { x: Wires; weight: Weight; bias?: Weight } | undefined {
  const x = wiresAt(call, 0);
  const weight = weightAt(call, 1);
  const bias = weightAt(call, 2);
  const isBare = !weight?.arranged && !bias?.arranged && (bias || !call.inputs[2]);
  return x?.place?.axis === 0 && weight && isBare
    ? { x, weight, ...(bias ? { bias } : {}) }
    : undefined;
}

function conv(call: Call): readonly Value[] | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { x, weight, bias } = operands;
  const axes = weight.shape.length - 2;
  if ((axes !== 1 && axes !== 2) || rankOf(x) !== axes + 2) return undefined;
  const [outChannels, each, ...kernel] = weight.shape as [number, number, ...number[]];
  const window = windowOf(call, kernel, x.probes[0]!.shape.slice(2));
  if (!window) return undefined;
  const groups = numberAt(call, 'group', 1);
  const source = isEven(window) ? x : padded(call, x, window);
  const padding = isEven(window) ? window.before : kernel.map(() => 0);
  const options = {
    stride: shortPair(window.stride),
    padding: shortPair(padding),
    dilation: shortPair(window.dilation),
    groups,
    bias: bias !== undefined,
  };
  const layer =
    axes === 2
      ? layers.conv2d(each * groups, outChannels, shortPair(kernel), options)
      : layers.conv1d(each * groups, outChannels, kernel[0]!, {
          ...options,
          stride: window.stride[0]!,
          padding: padding[0]!,
          dilation: window.dilation[0]!,
        });
  const weights: Record<string, Weight> = bias ? { weight, bias } : { weight };
  return one(call, layer, [source], { weights, wanted: layerNamed(weights) });
}

function convTranspose(call: Call): readonly Value[] | undefined {
  const operands = operandsOf(call);
  if (!operands) return undefined;
  const { x, weight, bias } = operands;
  if (
    weight.shape.length !== 4 ||
    call.attributes['output_shape'] ||
    (call.attributes['auto_pad'] ?? 'NOTSET') !== 'NOTSET'
  )
    return undefined;
  const [inChannels, each, ...kernel] = weight.shape as [number, number, number, number];
  const window = windowOf(call, kernel, x.probes[0]!.shape.slice(2));
  if (!window || !isEven(window)) return undefined;
  const groups = numberAt(call, 'group', 1);
  const layer = layers.convTranspose2d(inChannels, each * groups, shortPair(kernel), {
    stride: shortPair(window.stride),
    padding: shortPair(window.before),
    outputPadding: shortPair(listOr(call, 'output_padding', 2, 0)),
    dilation: shortPair(window.dilation),
    groups,
    bias: bias !== undefined,
  });
  const weights: Record<string, Weight> = bias ? { weight, bias } : { weight };
  return one(call, layer, [x], { weights, wanted: layerNamed(weights) });
}

/** Mean or maximum over windows whose padding is even and at most half a kernel. */
const pool =
  (mean: boolean): Pattern =>
  (call) => {
    const x = wiresAt(call, 0);
    const kernel = call.attributes['kernel_shape'] as number[] | undefined;
    if (
      !x ||
      x.place?.axis !== 0 ||
      !kernel ||
      kernel.length > 2 ||
      rankOf(x) !== kernel.length + 2
    )
      return undefined;
    if (call.attributes['storage_order'] === 1 && call.node.outputs.length > 1) return undefined;
    const window = windowOf(call, kernel, x.probes[0]!.shape.slice(2));
    if (!window || !isEven(window) || window.dilation.some((one) => one !== 1)) return undefined;
    if (window.before.some((one, i) => one > kernel[i]! / 2)) return undefined;
    const isPadded = window.before.some((one) => one > 0);
    const options = {
      stride: shortPair(window.stride),
      ...(isPadded ? { padding: shortPair(window.before) } : {}),
      ...(numberAt(call, 'ceil_mode', 0) === 1 ? { ceilMode: true } : {}),
      ...(mean && isPadded && numberAt(call, 'count_include_pad', 0) === 0
        ? { countIncludePad: false }
        : {}),
    };
    if (kernel.length === 2) {
      const of = mean ? layers.avgPool2d : layers.maxPool2d;
      return one(call, of(shortPair(kernel), options), [x]);
    }
    const of = mean ? layers.avgPool1d : layers.maxPool1d;
    return one(
      call,
      of(kernel[0]!, {
        ...options,
        stride: window.stride[0]!,
        ...(isPadded ? { padding: window.before[0]! } : {}),
      } as PoolOptions<number>),
      [x],
    );
  };

/** The mean or maximum of whole planes, with their axes kept. */
const globalPool =
  (planes: typeof layers.globalAvgPool2d, sequences: typeof layers.globalAvgPool1d): Pattern =>
  (call) => {
    const x = samplesAt(call, 0);
    if (!x || rankOf(x) < 3 || rankOf(x) > 4) return undefined;
    const pooled = one(call, rankOf(x) === 4 ? planes() : sequences(), [x])[0]!;
    const shapes = x.probes.map(({ shape }) =>
      shape.map((extent, axis) => (axis < 2 ? extent : 1)),
    );
    return [viewed(call, pooled, shapes, x.place)];
  };

function responseNorm(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const size = numberAt(call, 'size', 0);
  if (!x || rankOf(x) !== 4 || size % 2 === 0) return undefined;
  const layer = layers.localResponseNorm(size, {
    alpha: asWritten(numberAt(call, 'alpha', 1e-4)),
    beta: asWritten(numberAt(call, 'beta', 0.75)),
    k: asWritten(numberAt(call, 'bias', 1)),
  });
  return one(call, layer, [x]);
}

function instanceNorm(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const [weight, bias] = [weightAt(call, 1), weightAt(call, 2)];
  if (!x || rankOf(x) !== 4 || !weight || !bias || weight.arranged || bias.arranged)
    return undefined;
  const weights = { weight, bias };
  const layer = layers.instanceNorm2d(weight.shape[0]!, {
    eps: asWritten(numberAt(call, 'epsilon', 1e-5)),
    affine: true,
  });
  return one(call, layer, [x], { weights, wanted: layerNamed(weights) });
}

function depthToSpace(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  return x && rankOf(x) === 4 && call.attributes['mode'] === 'CRD'
    ? one(call, layers.pixelShuffle(numberAt(call, 'blocksize', 1)), [x])
    : undefined;
}

/** Enlarging by whole factors to nearest pixels, or bilinearly, as PyTorch's Upsample. */
function resize(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const scales = call.inputs[2];
  const isKnown = scales?.kind === 'numbers' || scales?.kind === 'weight';
  if (!x || rankOf(x) !== 4 || call.version < 11 || !isKnown) return undefined;
  const factors = scales.kind === 'weight' ? scales.values() : scales.probes[0]!.values;
  const [n, c, v, h] = Array.from(factors) as [number, number, number, number];
  if (n !== 1 || c !== 1 || !Number.isInteger(v) || !Number.isInteger(h) || !(v > 0 && h > 0))
    return undefined;
  const {
    mode = 'nearest',
    coordinate_transformation_mode: coordinates = 'half_pixel',
    nearest_mode: rounding = 'round_prefer_floor',
  } = call.attributes;
  const scale = shortPair([v, h]);
  if (mode === 'nearest' && coordinates === 'asymmetric' && rounding === 'floor')
    return one(call, layers.upsample2d({ scale }), [x]);
  const isLinear =
    mode === 'linear' &&
    (coordinates === 'half_pixel' ||
      coordinates === 'align_corners' ||
      coordinates === 'pytorch_half_pixel');
  return isLinear
    ? one(
        call,
        layers.upsample2d({
          scale,
          mode: 'bilinear',
          ...(coordinates === 'align_corners' ? { alignCorners: true } : {}),
        }),
        [x],
      )
    : undefined;
}

export const windowPatterns: Patterns = {
  AveragePool: pool(true),
  Conv: conv,
  ConvTranspose: convTranspose,
  DepthToSpace: depthToSpace,
  GlobalAveragePool: globalPool(layers.globalAvgPool2d, layers.globalAvgPool1d),
  GlobalMaxPool: globalPool(layers.globalMaxPool2d, layers.globalMaxPool1d),
  InstanceNormalization: instanceNorm,
  LRN: responseNorm,
  MaxPool: pool(false),
  Resize: resize,
};
