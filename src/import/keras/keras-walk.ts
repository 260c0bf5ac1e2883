/** Walks a net from its inputs to its outputs, and builds each call of a layer once the values that it takes are known. */
import { quote } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { input as inputTensor, type Shape } from '../../graph/tensor.js';
import { input } from '../../layers/index.js';
import type { Making } from './keras-making.js';
import { plainName, siteOf, type Build } from './keras-site.js';
import { shapeIn, type KerasLayer, type KerasNet, type Reference } from './keras-topology.js';
import type { Value } from './keras-values.js';
import type { Place } from './keras-weights.js';

/** Samples of the batch for which shapes are found. */
const SAMPLES = 2;

/** A call of a layer: the values that it takes, and its number among the layer's calls. */
interface Call {
  readonly layer: KerasLayer;
  readonly node: number;
  readonly takes: readonly Reference[];
}

const keyOf = (layer: string, node: number): string => `${node} ${layer}`;

/** The calls that lead to the outputs, in the order of the file. */
function neededCalls(file: string, net: KerasNet): Call[] {
  const layers = new Map(net.layers.map((layer) => [layer.name, layer]));
  const inputs = new Set(net.inputs.map(({ layer }) => layer));
  const needed = new Map<string, Call>();
  const open = [...net.outputs];
  for (let at = open.pop(); at; at = open.pop()) {
    const key = keyOf(at.layer, at.node);
    if (needed.has(key)) continue;
    const layer = layers.get(at.layer);
    if (!layer)
      throw new LanewiseError('file', `'${file}': there is no layer '${at.layer}', which is used`);
    const takes = inputs.has(at.layer) ? [] : layer.calls[at.node];
    if (!takes)
      throw new LanewiseError('file', `'${file}': layer '${at.layer}' has no call ${at.node}`);
    needed.set(key, { layer, node: at.node, takes });
    open.push(...takes);
  }
  const order = new Map(net.layers.map((layer, i) => [layer.name, i]));
  return [...needed.values()].toSorted(
    (a, b) => order.get(a.layer.name)! - order.get(b.layer.name)! || a.node - b.node,
  );
}

/** The layers of a net that lead to its outputs. */
export const neededLayers = (file: string, net: KerasNet): KerasLayer[] => [
  ...new Set(neededCalls(file, net).map(({ layer }) => layer)),
];

/** What a call gives: values, or none where a layer cannot be built. */
type Values = readonly (Value | undefined)[];

/**
 * The net's outputs on `given` values, or on inputs of the model if it is the whole. What cannot be built is noted, and what
 * needs it is left out.
 */
export function buildNet(
  making: Making,
  builds: ReadonlyMap<KerasLayer, Build>,
  net: KerasNet,
  path: readonly Place[],
  given: Values | undefined,
  isShared: boolean,
): Values {
  const calls = neededCalls(making.file, net);
  const count = new Map<KerasLayer, number>();
  for (const { layer } of calls) count.set(layer, (count.get(layer) ?? 0) + 1);
  const layers = new Map(net.layers.map((layer) => [layer.name, layer]));
  const results = new Map<string, Values>();
  let open: readonly Call[] = calls;
  while (open.length > 0) {
    const later = open.filter((call) => {
      const { layer, node, takes } = call;
      const values = takes.map((from) => results.get(keyOf(from.layer, from.node)));
      if (values.includes(undefined)) return true;
      const taken = takes.map((from, i) => valueAt(making, layer, from, values[i]!));
      const place = net.inputs.findIndex((one) => one.layer === layer.name);
      const shared = isShared || count.get(layer)! > 1;
      results.set(
        keyOf(layer.name, node),
        place >= 0
          ? [given ? given[place] : modelInput(making, layer)]
          : resultsOf(making, builds, layer, path, taken, shared),
      );
      return false;
    });
    if (later.length === open.length) {
      const [{ layer }] = later as [Call];
      throw new LanewiseError('file', `'${making.file}': layer '${layer.name}' is in a cycle`);
    }
    open = later;
  }
  return net.outputs.map((from) => {
    const values = results.get(keyOf(from.layer, from.node))!;
    return valueAt(making, layers.get(from.layer)!, from, values);
  });
}

const describe = ({ name, className }: KerasLayer): string => `'${name}' (${className})`;

function valueAt(
  { refusals }: Making,
  layer: KerasLayer,
  { layer: from, tensor }: Reference,
  values: Values,
): Value | undefined {
  if (tensor >= values.length && values[0])
    refusals.push(
      `${describe(layer)}: it takes output ${tensor} of '${from}', expected the first, as no layer gives more here`,
    );
  return values[tensor];
}

/** Layers of Keras that use a mask, which no layer here does. */
const USES_MASK = new Set([
  'LSTM',
  'GRU',
  'SimpleRNN',
  'Bidirectional',
  'TimeDistributed',
  'GlobalAveragePooling1D',
  'Softmax',
]);

/** Layers that take several values, or say themselves why they do not. */
const TAKES_SEVERAL =
  /^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract|LSTM|GRU|SimpleRNN)$/;

/** Layers of Keras that give no mask. */
const ENDS_MASK = /Flatten|Reshape|Pooling|Conv|Dot|LSTM|GRU|SimpleRNN|Bidirectional/;

/** Builds one call of a layer. */
function resultsOf(
  making: Making,
  builds: ReadonlyMap<KerasLayer, Build>,
  layer: KerasLayer,
  path: readonly Place[],
  taken: Values,
  isShared: boolean,
): Values {
  if (taken.includes(undefined)) return [undefined];
  const values = taken as readonly Value[];
  if (layer.net) {
    if (values.length !== layer.net.inputs.length) {
      making.refusals.push(
        `${describe(layer)}: it takes ${values.length} values, expected ${layer.net.inputs.length}`,
      );
      return [undefined];
    }
    return buildNet(making, builds, layer.net, [...path, layer], values, isShared);
  }
  // An input within a chain passes on what it is given.
  if (layer.className === 'InputLayer') return values;
  const isMasked = values.some(({ masked }) => masked);
  try {
    if (values.length === 0 || (values.length > 1 && !TAKES_SEVERAL.test(layer.className)))
      throw new LanewiseError('file', `it is called with ${values.length} values, expected one`);
    if (isMasked && USES_MASK.has(layer.className))
      throw new LanewiseError('file', 'its input has a mask (mask_zero or Masking)');
    const result = builds.get(layer)!(siteOf(making, layer, path, isShared), ...values);
    return [isMasked && !ENDS_MASK.test(layer.className) ? { ...result, masked: true } : result];
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const where = [...path, layer].map(({ name }) => name).join('.');
    making.refusals.push(`'${where}' (${layer.className}): ${error.message}`);
    return [undefined];
  }
}

/** An input of the model, from the file's InputLayer. */
function modelInput(making: Making, layer: KerasLayer): Value | undefined {
  const { config, name } = layer;
  const refuse = (what: string): undefined => {
    making.refusals.push(`${describe(layer)}: ${what}`);
  };
  for (const key of ['sparse', 'ragged']) if (config[key] === true) return refuse(`it is ${key}`);
  const given = making.inputs[name];
  const shape = given ?? sampleShape(shapeIn(config));
  if (!shape)
    return refuse(
      `its shape is ${quote(shapeIn(config))}, expected fixed extents: give one as inputs: { '${name}': […] }`,
    );
  // Images stand with their channels first here.
  const moved = shape.length === 3 && !making.isChannelsFirst;
  const extents = moved ? [shape[2]!, shape[0]!, shape[1]!] : shape;
  const vocabulary = making.vocabularies.get(name);
  const wire = input(extents, vocabulary === undefined ? {} : { vocabulary });
  making.inputWires.set(plainName(name), wire);
  const type = vocabulary === undefined ? 'f32' : 'i32';
  const tensor = inputTensor(name, [SAMPLES, ...extents], type);
  return { wire, tensor, shape, moved, input: name };
}

/** The shape of a sample, if a file gives all of its extents. */
function sampleShape(shape: unknown): Shape | undefined {
  if (!Array.isArray(shape) || shape.length === 0) return undefined;
  const extents: unknown[] = shape.slice(1);
  const isFixed = (one: unknown): one is number =>
    Number.isInteger(one) && (one as number) >= 1 && (one as number) < 2 ** 31;
  return extents.length <= 4 && extents.every(isFixed) ? extents : undefined;
}
