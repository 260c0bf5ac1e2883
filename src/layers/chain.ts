/** Layers made of layers: one after another, and around a shortcut. */
import { showShape } from '../graph/tensor.js';
import { ShapeError } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { LanewiseError } from '../errors.js';
import { describe, namedLayers, type Layer, type Layers, type Scope } from './layer.js';

const after = (layers: readonly (readonly [string, Layer])[], x: Tensor, scope: Scope): Tensor =>
  layers.reduce((input, [name, layer]) => scope.apply(name, layer, input), x);

/**
 * Layers one after another as one layer: an array (named `0`, `1`, … as in PyTorch) or an object of named
 * ones. Names are joined by dots: `stage1.conv.weight`.
 */
export function chain(layers: Layers): Layer {
  const named = namedLayers('chain', layers);
  return {
    kind: 'chain',
    settings: { layers: describe(named) },
    build: (x, scope) => after(named, x, scope),
  };
}

export interface ResidualOptions {
  /** Applied to the sum; default `none`. */
  readonly activation?: 'none' | 'relu';
}

/**
 * body(x) + shortcut(x), He et al. 2016; without a shortcut body(x) + x. The body's layers are named like the
 * block's own (`block.conv1.weight`), the shortcut's below `shortcut` (`block.shortcut.0.weight`).
 * @throws ShapeError naming the layer and both shapes if the two do not fit.
 */
export function residual(
  body: Layers,
  shortcut: Layers = [],
  { activation = 'none' }: ResidualOptions = {},
): Layer {
  const bodyLayers = namedLayers('residual', body);
  const way = Object.keys(shortcut).length > 0 ? chain(shortcut) : undefined;
  if (activation !== 'none' && activation !== 'relu') {
    throw new LanewiseError(
      'argument',
      `residual: activation is '${String(activation)}', expected 'none' or 'relu'`,
    );
  }
  return {
    kind: 'residual',
    settings: {
      body: describe(bodyLayers),
      shortcut: way ? way.settings['layers'] : [],
      activation,
    },
    build(x, scope) {
      const y = after(bodyLayers, x, scope);
      const passed = way ? scope.apply('shortcut', way, x) : x;
      if (showShape(y.shape) !== showShape(passed.shape)) {
        const other = way ? 'its shortcut' : 'its input';
        throw new ShapeError(
          'residual',
          `its body gives ${showShape(y.shape)}, ${other} ${showShape(passed.shape)}: expected the same`,
        );
      }
      const sum = ops.add(y, passed);
      return activation === 'relu' ? ops.relu(sum) : sum;
    },
  };
}
