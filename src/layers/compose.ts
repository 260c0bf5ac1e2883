/** Layers made of layers: chains, residual blocks, and blocks with free wiring. */
import { checkObject, checkOptions, oneOf, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { ShapeError } from '../graph/op.js';
import { showShape } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { defineLayer, namedLayers, type Layer, type Layers } from './layer.js';
import { chainNet, describeNet, runNet, traceNet, type LayerTree, type Net } from './net.js';
import { isWire, showPart, type Wire } from './wire.js';

/**
 * Layers one after another as a single layer: an array (named `0`, `1`, … as in PyTorch) or an object of named layers.
 * Names are joined by dots: `stage1.conv.weight`.
 */
export function chain(layers: Layers): Layer {
  const net = chainNet(namedLayers('chain', layers));
  return defineLayer('chain', { layers: describeNet(net) }, (scope, x) =>
    onlyOutput(runNet(net, [x!], scope)),
  );
}

const onlyOutput = <T>(outputs: ReadonlyMap<string, T>): T => [...outputs.values()][0]!;

/** Settings of `residual`. */
export interface ResidualOptions {
  /** Applied to the sum; default `none`. */
  readonly activation?: 'none' | 'relu';
}

const isEmpty = (layers: Layers): boolean =>
  typeof layers === 'object' && layers !== null && Object.keys(layers).length === 0;

/**
 * body(x) + shortcut(x), He et al. 2016; without a shortcut body(x) + x. The body's layers are named like the
 * block's own (`block.conv1.weight`), the shortcut's below `shortcut` (`block.shortcut.0.weight`).
 * @throws ShapeError naming the layer and both shapes if the two do not fit.
 */
export function residual(
  body: Layers,
  shortcut: Layers = [],
  options: ResidualOptions = {},
): Layer {
  checkOptions('residual', options, { activation: oneOf(['none', 'relu']) });
  const { activation = 'none' } = options;
  const net = chainNet(namedLayers('residual', body));
  const way = isEmpty(shortcut) ? undefined : chain(shortcut);
  const settings = {
    body: describeNet(net),
    shortcut: way ? way.settings['layers'] : [],
    activation,
  };
  return defineLayer('residual', settings, (scope, input) => {
    const x = input!;
    const y = onlyOutput(runNet(net, [x], scope));
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
  });
}

/**
 * A layer with free wiring: `block({ conv }, ({ conv }, x) => add(conv(x), x))`. `wire` is called once, with the layers
 * and as many wires as it has further parameters. Layers keep their names in `layers`; those made inside are named by
 * their kind.
 * @throws LanewiseError kind 'argument' if it does not return a wire, or leaves an input or a layer unused.
 */
export function block<Tree extends LayerTree>(
  layers: Tree,
  wire: (layers: Tree, ...inputs: Wire[]) => Wire,
): Layer {
  checkObject('block', layers, ['conv', 'norm']);
  if (typeof wire !== 'function')
    refuse('block', 'wiring', wire, 'a function: block({ conv }, ({ conv }, x) => conv(x))');
  const inputs = Object.fromEntries(
    Array.from({ length: Math.max(1, wire.length - 1) }, (_, i) => {
      const input: Wire = { kind: 'wire', from: 'block', inputs: [] };
      return [i === 0 ? 'x' : `x${i + 1}`, input] as const;
    }),
  );
  const output: unknown = wire(layers, ...Object.values(inputs));
  if (!isWire(output))
    throw new LanewiseError(
      'argument',
      `a block's wiring gives ${showPart(output)}, expected a wire`,
    );
  return blockOf(traceNet('block', inputs, { output }, layers));
}

/** The block of a net with one output. */
export const blockOf = (net: Net): Layer =>
  defineLayer(
    'block',
    { inputs: net.inputs, layers: describeNet(net), output: net.outputs['output'] },
    (scope, ...xs) => onlyOutput(runNet(net, xs, scope)),
    net.inputs.length,
  );
