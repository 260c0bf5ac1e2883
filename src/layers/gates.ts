/** Layers that multiply their input by drawn or learned factors: dropout, and squeeze-and-excitation. */
import { extent, numberIn, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import type { Tensor } from '../graph/tensor.js';
import { defineLayer, type Constructors, type Layer, type Scope } from './layer.js';
import { linear } from './linear.js';

/** A check for a probability below 1, as a layer that drops everything passes nothing on. */
export const dropRate: Check = /* @__PURE__ */ numberIn(0, 1);

/** x with elements dropped in training, for layers that drop their output. */
export function drop(scope: Scope, x: Tensor, rate: number, perChannel = false): Tensor {
  if (scope.mode === 'evaluation' || rate === 0) return x;
  const { state, stream } = scope.randomness();
  return ops.dropout(x, state, { rate, stream, perChannel });
}

function dropping(kind: string, rate: number, perChannel: boolean): Layer {
  dropRate(kind, 'rate', rate);
  return defineLayer(kind, { rate }, (scope, x) => drop(scope, x!, rate, perChannel));
}

/** In training each element is 0 with probability `rate`, else divided by 1 − rate (Srivastava et al. 2014). */
export const dropout = (rate = 0.5): Layer => dropping('dropout', rate, false);

/** Dropout with one draw for each channel of a sample (Tompson et al. 2015); N×C×…. */
export const dropout2d = (rate = 0.5): Layer => dropping('dropout2d', rate, true);

/**
 * Each channel of N×C×H×W times a gate from 0 to 1 that two dense layers compute from all channels' means (Hu et al.
 * 2018). Parameters: fc1 to channels/reduction values, fc2 back.
 * @throws LanewiseError kind 'argument' unless `reduction` divides `channels`.
 */
export function squeezeExcitation(channels: number, reduction = 16): Layer {
  const kind = 'squeezeExcitation';
  extent(kind, 'channels', channels);
  extent(kind, 'reduction', reduction);
  if (channels % reduction !== 0) {
    throw new LanewiseError(
      'argument',
      `${kind}: reduction ${reduction} does not divide ${channels} channels`,
    );
  }
  const hidden = channels / reduction;
  const [fc1, fc2] = [linear(channels, hidden), linear(hidden, channels)];
  return defineLayer(kind, { channels, reduction }, (scope, x) => {
    const means = ops.globalAvgPool2d(x!);
    const squeezed = ops.relu(scope.apply('fc1', fc1, means));
    const gate = ops.sigmoid(scope.apply('fc2', fc2, squeezed));
    return ops.multiply(x!, ops.reshape(gate, [...gate.shape, 1, 1]));
  });
}

export const gateLayers: Constructors = {
  dropout: ({ rate }) => dropout(rate),
  dropout2d: ({ rate }) => dropout2d(rate),
  squeezeExcitation: ({ channels, reduction }) => squeezeExcitation(channels, reduction),
};
