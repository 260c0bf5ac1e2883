/**
 * The dense form of a net (Simonyan & Zisserman 2015, §3.2; Sermanet et al. 2014): its dense layers become convolutions, so
 * that it can be run over a larger image and scores every place in one pass.
 */
import { checkOptions, extent, flag, listOf, pairOf } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, type Shape } from '../graph/tensor.js';
import { rebuild, type Model } from '../layers/index.js';
import type { LayerDescription, Settings } from '../layers/layer.js';
import { truncated, withInputs } from '../layers/surgery.js';
import { carry, pretrainedOf, type Pretrained } from '../trained/fine-tuning.js';

/** Options of `denseForm`. */
export interface DenseFormOptions {
  /** Whether the output is the mean over all places; without it, the map of scores. Default true. */
  readonly mean?: boolean;
}

/** What a layer gives: planes of channels, the same flattened, or values that have no place. */
interface Given {
  readonly form: 'planes' | 'flattened' | 'values';
  /** The layer's full name; of a model's input ''. */
  readonly name: string;
  /** The planes that were flattened. */
  readonly planes?: Shape;
}

type List = readonly LayerDescription[];

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Layers that work on each value, or on each channel at each place, by itself. */
const POINTWISE = /* @__PURE__ */ words(
  'relu leakyRelu prelu elu selu gelu silu softplus hardSigmoid hardSwish hardTanh sigmoid tanh scaledTanh ' +
    'dropout scale rescale stopGradient add subtract multiply divide maximum',
);

/** Layers that do the same at every place, from what is around it. */
const LOCAL = /* @__PURE__ */ words(
  'conv2d depthwiseConv2d connectedConv2d subsampling2d maxPool2d avgPool2d batchNorm2d localResponseNorm ' +
    'dropout2d pad2d',
);

const refuse = (message: string, hint?: string): LanewiseError =>
  new LanewiseError('argument', `denseForm: ${message}`, hint);

/** Whether the layer, and all layers in it, do the same at every place. */
function isLocal({ kind, settings }: LayerDescription): boolean {
  if (POINTWISE.has(kind) || LOCAL.has(kind)) return true;
  if (kind === 'concat') return (settings['axis'] ?? 1) === 1;
  const inside = ['layers', 'body', 'shortcut'].flatMap((key) => (settings[key] ?? []) as List);
  return ['chain', 'block', 'model', 'residual'].includes(kind) && inside.every(isLocal);
}

/** The convolution that a dense layer is on planes of C×h×w. */
function convolution(settings: Settings, [C, ...kernelSize]: Shape): Settings {
  const { outFeatures, inFeatures: _, ...rest } = settings;
  return { ...rest, inChannels: C, outChannels: outFeatures, kernelSize };
}

/** A layer in its dense form, or none where it falls away; and what it gives. */
type Made = readonly [LayerDescription | undefined, Omit<Given, 'name'>];

/** The pooling of whole planes, or to a size, as pooling that slides; undefined for a size that has no such form. */
function sliding(layer: LayerDescription, which: string, [, ...size]: Shape): Made | undefined {
  const wanted = pairOf((layer.settings['outputSize'] ?? 1) as number);
  const isGlobal = layer.kind.startsWith('global');
  if (!isGlobal && size.every((length, i) => length === wanted[i]))
    return [undefined, { form: 'planes' }];
  if (wanted.some((length) => length !== 1)) return undefined;
  const kind = `${which.toLowerCase()}Pool2d`;
  const settings = { kernelSize: size, stride: 1 };
  return [{ ...layer, kind, settings }, { form: isGlobal ? 'values' : 'planes' }];
}

/** A layer that is no chain of others. @throws LanewiseError kind 'argument' if it has no dense form. */
function convertOne(
  layer: LayerDescription,
  from: readonly Given[],
  name: string,
  shapeOf: (given: Given) => Shape,
): Made {
  const { kind, settings } = layer;
  const source = from[0]!;
  const { form, planes } = source;
  if (kind === 'flatten')
    return [undefined, form === 'planes' ? { form: 'flattened', planes: shapeOf(source) } : source];
  if (kind === 'linear' && form !== 'planes') {
    const shape = planes ?? [settings['inFeatures'] as number, 1, 1];
    return [
      { ...layer, kind: 'conv2d', settings: convolution(settings, shape) },
      { form: 'values' },
    ];
  }
  if (kind === 'batchNorm1d' && form === 'values')
    return [{ ...layer, kind: 'batchNorm2d' }, source];
  const pool = /^(?:global|adaptive)(Avg|Max)Pool2d$/.exec(kind)?.[1];
  const slid = pool && form === 'planes' ? sliding(layer, pool, shapeOf(source)) : undefined;
  if (slid) return slid;
  const isOfOneForm = from.every((each) => each.form === form);
  if (isOfOneForm && (POINTWISE.has(kind) || (form !== 'flattened' && isLocal(layer))))
    return [layer, source];
  const after = { planes: 'planes', flattened: 'flattened planes', values: 'dense layers' }[form];
  throw refuse(
    `layer '${name}' (${kind}) follows ${after}, expected convolutions and pooling, then dense layers`,
    /softmax/i.test(kind)
      ? 'leave it out: the loss crossEntropy gives probabilities'
      : 'featuresOf takes the part before it',
  );
}

/** Layers in their dense form, what each of them gave, and for those that fell away the one that takes its place. */
interface Converted {
  readonly layers: LayerDescription[];
  readonly given: ReadonlyMap<string, Given>;
  readonly alias: ReadonlyMap<string, string>;
}

/** The layers of a model or a chain, one after another. */
function convert(
  list: List,
  input: readonly [string, Given],
  prefix: string,
  shapeOf: (given: Given) => Shape,
): Converted {
  const given = new Map([input]);
  const alias = new Map<string, string>();
  const layers: LayerDescription[] = [];
  for (const layer of withInputs(list, input[0])) {
    const from = layer.inputs!.map((source) => given.get(source)!);
    const name = `${prefix}${layer.name}`;
    const isChain = layer.kind === 'chain' && !isLocal(layer);
    const [made, gives] = isChain
      ? convertChain(layer, from[0]!, name, shapeOf)
      : convertOne(layer, from, name, shapeOf);
    given.set(layer.name, { ...gives, name });
    const inputs = layer.inputs!.map((source) => alias.get(source) ?? source);
    if (made) layers.push({ ...made, inputs });
    else alias.set(layer.name, inputs[0]!);
  }
  return { layers, given, alias };
}

function convertChain(
  layer: LayerDescription,
  from: Given,
  name: string,
  shapeOf: (given: Given) => Shape,
): Made {
  const list = layer.settings['layers'] as List;
  const { layers, given } = convert(list, ['', from], `${name}.`, shapeOf);
  const gives = given.get(list.at(-1)!.name)!;
  if (layers.length === 0) return [undefined, gives];
  const inRow = layers.map(({ name: own, kind, settings }) => ({ name: own, kind, settings }));
  return [{ ...layer, settings: { ...layer.settings, layers: inRow } }, gives];
}

/**
 * The net as a convolution over images of `shape`, with the same weights: dense layers become convolutions, as large as the
 * planes that they took, and pooling of whole planes slides. Its scores are the mean over all places, or with
 * `mean: false` the map of scores, classes×rows×columns. At each place they are those of the net itself for the part of the
 * image that begins there, if no layer pads; with padding they see the neighbours where a part's border has zeros.
 * @throws LanewiseError kind 'argument' for a net that is not convolutions and pooling, then dense layers, from one image to
 * one vector; kind 'shape' for an image that is too small.
 */
export function denseForm(
  from: Model | Pretrained,
  shape: Shape,
  options: DenseFormOptions = {},
): Pretrained {
  const { mean = true } = checkOptions('denseForm', options, { mean: flag });
  listOf(extent, 3, 3)('denseForm', 'shape', shape);
  const { model, weights } = pretrainedOf(from);
  const { inputs, layers, outputs } = model.architecture;
  const [name, ...others] = Object.keys(inputs) as [string];
  const [output, ...more] = Object.keys(outputs) as [string];
  const input = inputs[name]!;
  const seen = input.shape;
  if (others.length + more.length > 0 || seen.length !== 3)
    throw refuse(
      `the model takes ${Object.keys(inputs).join(', ')} of ${showShape(seen)} and gives ${Object.keys(outputs).join(', ')}, expected one image and one output`,
      'featuresOf takes the part that leads to one output',
    );
  if (shape[0] !== seen[0] || shape.some((length, i) => length < seen[i]!))
    throw refuse(
      `shape is ${showShape(shape)}, expected ${seen[0]} channels and at least the model's ${showShape(seen)}`,
    );
  const shapeOf = (given: Given) =>
    given.name === ''
      ? seen
      : [...rebuild(truncated(model.architecture, given.name)).outputs.values()][0]!;
  const dense = convert(layers, [name, { name: '', form: 'planes' }], '', shapeOf);
  const last = outputs[output]!;
  if (dense.given.get(last)!.form !== 'values')
    throw refuse(`output '${output}' is of no dense layer, expected scores`);
  const end = dense.alias.get(last) ?? last;
  let own = 'mean';
  while (dense.given.has(own)) own += '_';
  const pool = { name: own, kind: 'globalAvgPool2d', settings: {}, inputs: [end] };
  return carry(weights, {
    inputs: { [name]: { ...input, shape } },
    layers: mean ? [...dense.layers, pool] : dense.layers,
    outputs: { [output]: mean ? own : end },
  });
}
