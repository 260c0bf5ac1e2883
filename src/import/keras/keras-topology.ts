/**
 * The topology of a Keras model as plain records, from the JSON of tfjs, Keras 2 and Keras 3: a Sequential model's layers are
 * chained, a functional one's have their calls, and nested models are nets within.
 */
import { isObject, quote } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';

/** A value of a net: the output of a call of a layer. */
export interface Reference {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

/** A layer of a net as the file describes it. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Its calls, in order, each with the values that it takes. */
  readonly calls: readonly (readonly Reference[])[];
  /** What calls give beside values, such as a mask, that would change the result. */
  readonly extras: readonly string[];
  /** Whether its calls are written as Keras 3 does. */
  readonly isNewer: boolean;
  /** The net of a layer that is a model. */
  readonly net?: KerasNet;
  /** The number of earlier layers of its class in the net, which the paths of `.keras` files count. */
  readonly place: number;
}

/** A model of layers. */
export interface KerasNet {
  readonly className: string;
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
}

type Json = Readonly<Record<string, unknown>>;

/** The deepest nesting of models. */
const DEEPEST = 20;

const MODELS = new Set(['Sequential', 'Functional', 'Model']);

/** @throws LanewiseError kind 'file' naming the file and what is wrong. */
function fail(file: string, what: string): never {
  throw new LanewiseError('file', `'${file}': ${what}`);
}

/** An object of the file. @throws LanewiseError kind 'file' for anything else. */
function objectIn(file: string, what: string, value: unknown): Json {
  return isObject(value) ? value : fail(file, `${what} is ${quote(value)}, expected an object`);
}

function listIn(file: string, what: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : fail(file, `${what} is ${quote(value)}, expected a list`);
}

function textIn(file: string, what: string, value: unknown): string {
  return typeof value === 'string' && value !== ''
    ? value
    : fail(file, `${what} is ${quote(value)}, expected a text`);
}

/**
 * The net that `description` ({ class_name, config }) is.
 * @throws LanewiseError kind 'file' for a description of anything but a model, or a damaged one.
 */
export function readTopology(file: string, description: unknown): KerasNet {
  const model = objectIn(file, 'the model', description);
  const className = textIn(file, "the model's class_name", model['class_name']);
  if (!isModel(className, model['config']))
    throw new LanewiseError(
      'file',
      `'${file}' holds a model of the class ${quote(className)}, expected Sequential or Functional`,
      'a class of one’s own has its layers in Python code: build it with the functional interface, and save that',
    );
  const config = model['config'];
  const built = builtShape(model);
  return readNet(
    file,
    className,
    isObject(config) && built !== undefined ? { build_input_shape: built, ...config } : config,
    'model',
    0,
  );
}

/** The shape for which Keras 3 built a layer. */
const builtShape = ({ build_config: built }: Json): unknown =>
  isObject(built) ? built['input_shape'] : undefined;

/** Classes of models of one's own whose description is that of a functional model count as such. */
const isModel = (className: string, config: unknown): boolean =>
  MODELS.has(className) ||
  (isObject(config) && Array.isArray(config['layers']) && 'output_layers' in config);

function readNet(
  file: string,
  className: string,
  given: unknown,
  called: string,
  depth: number,
): KerasNet {
  if (depth > DEEPEST) fail(file, `models are nested more than ${DEEPEST} deep`);
  // Before Keras 2.2.3, a Sequential model's description was the list of its layers.
  const config = Array.isArray(given)
    ? { layers: given as unknown[] }
    : objectIn(file, `config of '${called}'`, given);
  const name = typeof config['name'] === 'string' ? config['name'] : called;
  const described = listIn(file, `layers of '${name}'`, config['layers']);
  const places = new Map<string, number>();
  const layers = described.map((one, i) => {
    const layer = readLayer(file, one, `layer ${i} of '${name}'`, depth);
    const place = places.get(layer.className) ?? 0;
    places.set(layer.className, place + 1);
    return { ...layer, place };
  });
  const names = new Set<string>();
  for (const layer of layers) {
    if (names.has(layer.name)) fail(file, `two layers of '${name}' are named '${layer.name}'`);
    names.add(layer.name);
  }
  const net = { className, name, layers };
  if (className === 'Sequential') return chained(file, net, config);
  return recounted({
    ...net,
    inputs: referencesIn(file, `inputs of '${name}'`, config['input_layers']),
    outputs: referencesIn(file, `outputs of '${name}'`, config['output_layers']),
  });
}

/**
 * The net with the calls of its models counted from 0. A model's own making counts as its call 0 in tfjs and Keras 2, whose
 * lists of calls lack it; in Keras 3 it does so in the list of outputs alone. Every call is used, so the least is the first.
 */
function recounted(net: KerasNet): KerasNet {
  const inner = net.layers.flatMap(({ calls }) => calls.flat());
  const firsts = new Map<string, { inner: number; outputs: number }>();
  for (const { name, net: model, isNewer } of net.layers) {
    if (!model) continue;
    const least = (list: readonly Reference[]): number =>
      list.reduce((low, one) => (one.layer === name ? Math.min(low, one.node) : low), Infinity);
    const all = Math.min(least(inner), least(net.outputs));
    const isOwn = isNewer && model.className !== 'Sequential' && least(net.outputs) > 0;
    const older = Number.isFinite(all) ? all : 0;
    firsts.set(
      name,
      isNewer ? { inner: 0, outputs: isOwn ? 1 : 0 } : { inner: older, outputs: older },
    );
  }
  const moved = (list: readonly Reference[], kind: 'inner' | 'outputs') =>
    list.map((one) => ({ ...one, node: one.node - (firsts.get(one.layer)?.[kind] ?? 0) }));
  return {
    ...net,
    layers: net.layers.map((layer) => ({
      ...layer,
      calls: layer.calls.map((call) => moved(call, 'inner')),
    })),
    outputs: moved(net.outputs, 'outputs'),
  };
}

function readLayer(
  file: string,
  description: unknown,
  where: string,
  depth: number,
): Omit<KerasLayer, 'place'> {
  const given = objectIn(file, where, description);
  const className = textIn(file, `class_name of ${where}`, given['class_name']);
  const isNet = isModel(className, given['config']);
  const config: Json = Array.isArray(given['config'])
    ? {}
    : objectIn(file, `config of ${where}`, given['config']);
  const name = textIn(file, `name of ${where}`, given['name'] ?? config['name']);
  const nodes = given['inbound_nodes'] ?? [];
  const extras: string[] = [];
  const calls = listIn(file, `inbound_nodes of '${name}'`, nodes).map((node) =>
    callOf(file, `inbound_nodes of '${name}'`, node, extras),
  );
  const built = builtShape(given);
  return {
    className,
    name,
    config: { build_input_shape: built, ...config },
    calls,
    extras,
    isNewer: Array.isArray(nodes) && nodes.some(isObject),
    ...(isNet ? { net: readNet(file, className, given['config'], name, depth + 1) } : {}),
  };
}

/** One call: a list of [name, node, tensor, kwargs], or Keras 3's { args, kwargs }. */
function callOf(file: string, where: string, node: unknown, extras: string[]): Reference[] {
  const found: Reference[] = [];
  if (Array.isArray(node)) {
    // A single value may stand without the list around it.
    const values: unknown[] = typeof node[0] === 'string' ? [node] : node;
    for (const value of values) {
      const parts = listIn(file, where, value);
      found.push(referenceOf(file, where, parts));
      extrasIn(isObject(parts[3]) ? parts[3] : {}, extras);
    }
    return found;
  }
  const { args, kwargs } = objectIn(file, where, node);
  tensorsIn(file, where, args, found, extras, 0);
  const named = isObject(kwargs) ? kwargs : {};
  // Attention takes its other values by name.
  for (const key of ['query', 'value', 'key', 'inputs'])
    if (isObject(named[key])) tensorsIn(file, where, named[key], found, extras, 0);
  extrasIn(named, extras);
  return found;
}

/** Arguments of calls that change nothing, or that are read as values. */
const IGNORED = new Set(['training', 'name', 'query', 'value', 'key', 'inputs']);

function extrasIn(kwargs: Json, extras: string[]): void {
  for (const [key, value] of Object.entries(kwargs)) {
    if (value === null || value === undefined || value === false || IGNORED.has(key)) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    extras.push(key);
  }
}

function tensorsIn(
  file: string,
  where: string,
  value: unknown,
  found: Reference[],
  extras: string[],
  depth: number,
): void {
  if (depth > DEEPEST) fail(file, `${where} is nested more than ${DEEPEST} deep`);
  if (Array.isArray(value)) {
    for (const one of value as unknown[]) tensorsIn(file, where, one, found, extras, depth + 1);
  } else if (isObject(value) && value['class_name'] === '__keras_tensor__') {
    const config = objectIn(file, where, value['config']);
    found.push(referenceOf(file, where, listIn(file, where, config['keras_history'])));
  } else if (value !== null && value !== undefined) extras.push('an argument that is not a tensor');
}

function referenceOf(file: string, where: string, parts: readonly unknown[]): Reference {
  const [layer, node = 0, tensor = 0] = parts;
  if (typeof layer !== 'string' || !isPlace(node) || !isPlace(tensor))
    fail(file, `${where} has ${quote(parts)}, expected [layer, node, tensor]`);
  return { layer, node, tensor };
}

const isPlace = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1e6;

/** A list of [name, node, tensor], or a single one as Keras 3 writes. */
function referencesIn(file: string, what: string, value: unknown): Reference[] {
  if (isObject(value)) {
    return Object.values(value).flatMap((one) => referencesIn(file, what, one));
  }
  const list = listIn(file, what, value);
  const all = typeof list[0] === 'string' ? [list] : list;
  if (all.length === 0) fail(file, `${what} are none`);
  return all.map((one) => referenceOf(file, what, listIn(file, what, one)));
}

/** A Sequential model's net: each layer takes the one before, and an input stands in front. */
function chained(file: string, net: Omit<KerasNet, 'inputs' | 'outputs'>, config: Json): KerasNet {
  const [first] = net.layers;
  if (!first) fail(file, `'${net.name}' has no layers`);
  const at = (layer: string): Reference => ({ layer, node: 0, tensor: 0 });
  const chain = (layers: readonly KerasLayer[]): KerasNet => ({
    ...net,
    layers: layers.map((layer, i) => ({
      ...layer,
      calls: i === 0 ? [] : [[at(layers[i - 1]!.name)]],
    })),
    inputs: [at(layers[0]!.name)],
    outputs: [at(layers.at(-1)!.name)],
  });
  if (first.className === 'InputLayer') return chain(net.layers);
  const shape =
    shapeIn(first.config) ??
    (first.net && shapeIn(first.net.layers[0]!.config)) ??
    config['build_input_shape'] ??
    first.config['build_input_shape'];
  const front: KerasLayer = {
    className: 'InputLayer',
    name: `${first.name}_input`,
    config: { batch_input_shape: shape, dtype: first.config['dtype'] },
    calls: [],
    extras: [],
    isNewer: false,
    place: -1,
  };
  return chain([front, ...net.layers]);
}

/** The shape that a layer's description gives its input, with the samples' axis first. */
export const shapeIn = (config: Json): unknown =>
  config['batch_shape'] ?? config['batch_input_shape'];
