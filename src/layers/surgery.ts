/**
 * Changes architectures, as model files describe them: replaces a layer, or keeps only some of the layers. `rebuild`
 * makes a model of the result. Layers are named as their parameters are, to any depth: `features.6` is in the chain
 * `features`.
 */
import { LanewiseError, nearest } from '../base/errors.js';
import type { Layer, LayerDescription, Settings } from './layer.js';
import type { Architecture } from './model.js';

type Descriptions = readonly LayerDescription[];

/** The settings in which a layer made of layers keeps them, and the prefix of their names. */
const insides: Readonly<Record<string, readonly (readonly [key: string, prefix: string])[]>> = {
  block: [['layers', '']],
  chain: [['layers', '']],
  model: [['layers', '']],
  residual: [
    ['body', ''],
    ['shortcut', 'shortcut.'],
  ],
};

const insidesOf = ({ kind, settings }: LayerDescription) =>
  (insides[kind] ?? []).map(([key, prefix]) => ({
    key,
    prefix,
    layers: settings[key] as Descriptions,
  }));

/** Names of all layers, with those inside others. */
function namesOf(layers: Descriptions, prefix = ''): string[] {
  return layers.flatMap((layer) => [
    `${prefix}${layer.name}`,
    ...insidesOf(layer).flatMap((inside) =>
      namesOf(inside.layers, `${prefix}${layer.name}.${inside.prefix}`),
    ),
  ]);
}

const refuse = (message: string, hint?: string): LanewiseError =>
  new LanewiseError('argument', message, hint);

const unknownLayer = (architecture: Architecture, name: string): LanewiseError => {
  const names = namesOf(architecture.layers);
  return refuse(
    `the model has no layer '${name}'`,
    nearest(name, names) ?? `its layers are ${architecture.layers.map((l) => l.name).join(', ')}`,
  );
};

/** The list with the layer at `name` changed; undefined if there is none. */
function changed(
  layers: Descriptions,
  name: string,
  change: (found: LayerDescription) => LayerDescription,
): Descriptions | undefined {
  const at = layers.findIndex((layer) => layer.name === name);
  if (at >= 0) return layers.with(at, change(layers[at]!));
  for (const [i, layer] of layers.entries()) {
    for (const { key, prefix, layers: inner } of insidesOf(layer)) {
      const start = `${layer.name}.${prefix}`;
      if (!name.startsWith(start)) continue;
      const below = changed(inner, name.slice(start.length), change);
      if (below) return layers.with(i, { ...layer, settings: { ...layer.settings, [key]: below } });
    }
  }
  return undefined;
}

/**
 * The architecture with `layer` in place of the one named `name`, wherever that is applied.
 * @throws LanewiseError kind 'argument' if there is none, or it only shares another layer's parameters.
 */
export function replaced(
  architecture: Architecture,
  name: string,
  { kind, settings }: Pick<Layer, 'kind' | 'settings'>,
): Architecture {
  const layers = changed(architecture.layers, name, (found) => {
    if (found.shares !== undefined)
      throw refuse(`layer '${name}' is layer '${found.shares}' applied again: replace that one`);
    return { ...found, kind, settings };
  });
  if (!layers) throw unknownLayer(architecture, name);
  return { ...architecture, layers };
}

/** The description of the layer with that name. @throws LanewiseError kind 'argument' if there is none. */
export function layerNamed(architecture: Architecture, name: string): LayerDescription {
  let found: LayerDescription | undefined;
  changed(architecture.layers, name, (layer) => (found = layer));
  if (!found) throw unknownLayer(architecture, name);
  return found;
}

/** The same layers with their inputs named, so that some of them can be left out. */
export const withInputs = (layers: Descriptions, input: string): LayerDescription[] =>
  layers.map((layer, i) => ({
    ...layer,
    inputs: layer.inputs ?? [i === 0 ? input : layers[i - 1]!.name],
  }));

/**
 * The part of the architecture that leads to layer `name`, whose output becomes the only one, named `output`. If the
 * layer is in a chain, the chain ends with it.
 * @throws LanewiseError kind 'argument' if there is no such layer, or it is inside a layer other than a chain.
 */
export function truncated(architecture: Architecture, name: string): Architecture {
  const { layers, end } = cut(architecture, architecture.layers, name, '');
  const inputs = Object.keys(architecture.inputs);
  const all = withInputs(layers, inputs[0]!);
  const needed = new Set<string>([end]);
  // From last to first: a layer's inputs come before it.
  for (const { name: own, inputs: from, shares } of all.toReversed()) {
    if (!needed.has(own)) continue;
    for (const source of [...from!, ...(shares === undefined ? [] : [shares])]) needed.add(source);
  }
  return {
    inputs: Object.fromEntries(
      Object.entries(architecture.inputs).filter(([key]) => needed.has(key)),
    ),
    layers: all.filter((layer) => needed.has(layer.name)),
    outputs: { output: end },
  };
}

/** The list in which `name`, or the chain that contains it, is the last layer needed: `end`. */
function cut(
  architecture: Architecture,
  layers: Descriptions,
  name: string,
  prefix: string,
): { layers: Descriptions; end: string } {
  if (layers.some((layer) => layer.name === name)) return { layers, end: name };
  const at = layers.findIndex((layer) => name.startsWith(`${layer.name}.`));
  const outer = layers[at];
  if (!outer || !namesOf(architecture.layers).includes(prefix + name))
    throw unknownLayer(architecture, prefix + name);
  if (outer.kind !== 'chain') {
    throw refuse(
      `layer '${prefix}${name}' is inside '${prefix}${outer.name}' (${outer.kind}), expected one in a row with others`,
      `'${prefix}${outer.name}' can be used as a whole`,
    );
  }
  const inner = outer.settings['layers'] as Descriptions;
  const below = cut(
    architecture,
    inner,
    name.slice(outer.name.length + 1),
    `${prefix}${outer.name}.`,
  );
  const last = below.layers.findIndex((layer) => layer.name === below.end);
  const settings: Settings = { ...outer.settings, layers: below.layers.slice(0, last + 1) };
  return { layers: layers.with(at, { ...outer, settings }), end: outer.name };
}

/** A head: the last layer with parameters before an output. */
export interface Head {
  readonly name: string;
  readonly description: LayerDescription;
}

/**
 * The layer that an output's scores come from: the last one with parameters, followed only by layers without them, such
 * as an activation.
 * @throws LanewiseError kind 'argument' if there is no output of that name, or no such layer.
 */
export function headOf(
  architecture: Architecture,
  output: string,
  hasParameters: (layer: string) => boolean,
): Head {
  const { outputs, inputs } = architecture;
  if (!Object.hasOwn(outputs, output)) {
    throw refuse(
      `the model has no output '${output}', expected one of ${Object.keys(outputs).join(', ')}`,
    );
  }
  const unclear = (why: string) =>
    refuse(
      `output '${output}' has no head to replace: ${why}`,
      'replaceLayer takes any layer by its name',
    );
  const search = (layers: Descriptions, end: string, prefix: string): Head => {
    const description = layers.find((layer) => layer.name === end);
    if (!description) throw unclear('no layer before it has parameters');
    const name = description.shares ?? end;
    const full = `${prefix}${name}`;
    if (hasParameters(full)) {
      if (description.kind !== 'chain') return { name: full, description };
      const inner = description.settings['layers'] as Descriptions;
      return search(withInputs(inner, ''), inner.at(-1)!.name, `${full}.`);
    }
    if (description.inputs!.length !== 1)
      throw unclear(`layer '${full}' joins ${description.inputs!.join(', ')}`);
    return search(layers, description.inputs![0]!, prefix);
  };
  return search(withInputs(architecture.layers, Object.keys(inputs)[0]!), outputs[output]!, '');
}
