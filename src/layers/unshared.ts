/** Convolutions with separate connections or filters for each map or place, and padding as a layer. */
import {
  checkOptions,
  extent,
  finite,
  flag,
  listOf,
  natural,
  oneOrTwo,
  pairOf,
} from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { modeOfPadding, type ConvOptions, type Extent } from './conv2d.js';
import { fanInUniform } from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** @throws LanewiseError kind 'argument' unless each output lists different input channels, at least one. */
function checkTable(kind: string, inChannels: number, table: ops.ConnectionTable): void {
  const isList = Array.isArray(table) && table.length > 0;
  const wrong = isList
    ? table.findIndex(
        (maps) =>
          !Array.isArray(maps) ||
          maps.length === 0 ||
          new Set(maps).size !== maps.length ||
          !maps.every((c) => Number.isInteger(c) && c >= 0 && c < inChannels),
      )
    : 0;
  if (wrong < 0) return;
  const found = isList
    ? `output ${wrong} has ${JSON.stringify(table[wrong])}`
    : `it is ${show(table)}`;
  throw new LanewiseError(
    'argument',
    `${kind}: table lists each output's input channels, different ones from 0 to ${inChannels - 1}: ${found}`,
  );
}

/**
 * Convolution in which output map o sees only the input maps table[o] (LeCun et al. 1998, §II.B: layer C3 of LeNet-5,
 * whose table has 60 connections and 1,516 parameters). Settings are those of conv2d. Parameters: weight
 * connections×kh×kw in the table's order, bias table.length. Their fan-in is the mean one,
 * connections/table.length·kh·kw.
 * @throws LanewiseError kind 'argument' for a table with unknown or repeated channels.
 */
export function connectedConv2d(
  inChannels: number,
  table: ops.ConnectionTable,
  kernelSize: Extent,
  options: Pick<ConvOptions<Extent>, 'bias' | 'stride'> & { readonly padding?: Extent } = {},
): Layer {
  const kind = 'connectedConv2d';
  checkOptions(kind, options, {
    stride: oneOrTwo(extent),
    padding: oneOrTwo(natural),
    bias: flag,
  });
  const { stride = 1, padding = 0, bias = true } = options;
  extent(kind, 'inChannels', inChannels);
  checkTable(kind, inChannels, table);
  oneOrTwo(extent)(kind, 'kernelSize', kernelSize);
  const [kh, kw] = pairOf(kernelSize);
  const attributes = {
    stride: pairOf(stride),
    padding: pairOf(padding),
  };
  const settings = { inChannels, table, kernelSize, stride, padding, bias };
  return defineLayer(kind, settings, (scope, x) => {
    const connections = table.flat().length;
    const init = fanInUniform((connections / table.length) * kh * kw);
    const w = scope.parameter('weight', [connections, kh, kw], init);
    const b = bias ? scope.parameter('bias', [table.length], init) : null;
    const dense = ops.expandConnections(w, { inputs: inChannels, table });
    return ops.conv2d(x!, dense, b, attributes);
  });
}

/**
 * A convolution with separate filters at each of P×Q places (Taigman et al. 2014): Keras's LocallyConnected2D.
 * Parameters: weight P×Q×inChannels·kh·kw×outChannels, bias outChannels×P×Q; P and Q follow from the input.
 * @throws LanewiseError kind 'argument' for extents that are not whole numbers in range.
 */
export function locallyConnected2d(
  inChannels: number,
  outChannels: number,
  kernelSize: Extent,
  options: Pick<ConvOptions<Extent>, 'bias' | 'stride' | 'paddingMode'> & {
    readonly padding?: Extent;
  } = {},
): Layer {
  const kind = 'locallyConnected2d';
  checkOptions(kind, options, {
    stride: oneOrTwo(extent),
    padding: oneOrTwo(natural),
    paddingMode: modeOfPadding,
    bias: flag,
  });
  const { stride = 1, padding = 0, paddingMode = 'zeros', bias = true } = options;
  extent(kind, 'inChannels', inChannels);
  extent(kind, 'outChannels', outChannels);
  oneOrTwo(extent)(kind, 'kernelSize', kernelSize);
  const kernel = pairOf(kernelSize);
  const steps = pairOf(stride);
  const [ph, pw] = pairOf(padding);
  const settings = { inChannels, outChannels, kernelSize, stride, padding, paddingMode, bias };
  return defineLayer(kind, settings, (scope, x) => {
    const padded = ph || pw ? ops.pad2d(x!, [pw, pw, ph, ph], { mode: paddingMode }) : x!;
    const [P, Q] = ops.places(padded.shape, { kernel, stride: steps });
    const K = inChannels * kernel[0] * kernel[1];
    const init = fanInUniform(K);
    const w = scope.parameter('weight', [P, Q, K, outChannels], init);
    const b = bias ? scope.parameter('bias', [outChannels, P, Q], init) : null;
    return ops.locallyConnected2d(padded, w, b, { kernel, stride: steps });
  });
}

/**
 * Borders around images: ZeroPad2d, ConstantPad2d, ReplicationPad2d and ReflectionPad2d of PyTorch in one.
 * `padding`: pixels on all sides, [vertical, horizontal], or [left, right, top, bottom]; `value` fills mode `zeros`.
 * @throws LanewiseError kind 'argument' for pixels that are not whole numbers.
 */
export function pad2d(
  padding: Extent | ops.Sides,
  options: { readonly mode?: ops.PaddingMode; readonly value?: number } = {},
): Layer {
  const kind = 'pad2d';
  checkOptions(kind, options, { mode: modeOfPadding, value: finite });
  const { mode = 'zeros', value = 0 } = options;
  const sides = sidesOf(padding);
  return defineLayer(kind, { padding, mode, value }, (_, x) =>
    ops.pad2d(x!, sides, { mode, value }),
  );
}

function sidesOf(padding: Extent | ops.Sides): ops.Sides {
  const sides = Array.isArray(padding) && padding.length === 4;
  (sides ? listOf(natural) : oneOrTwo(natural))('pad2d', 'padding', padding);
  if (sides) return padding as unknown as ops.Sides;
  const [v, h] = pairOf(padding as Extent);
  return [h, h, v, v];
}

export const unsharedLayers: Constructors = {
  connectedConv2d: ({ inChannels, table, kernelSize, ...options }) =>
    connectedConv2d(inChannels, table, kernelSize, options),
  locallyConnected2d: ({ inChannels, outChannels, kernelSize, ...options }) =>
    locallyConnected2d(inChannels, outChannels, kernelSize, options),
  pad2d: ({ padding, ...options }) => pad2d(padding, options),
};
