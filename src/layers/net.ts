/**
 * Nets: layers in an order in which each finds its inputs. Sequences, blocks and models are made of nets, which are
 * traced from wires, written to files and read back.
 */
import { LanewiseError, nearest } from '../base/errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Layer, LayerDescription, Scope } from './layer.js';
import { checkCount, checkLayer, isApplied, isLayer, type Wire } from './wire.js';

/** A layer applied to inputs and earlier steps, by their names. */
export interface Step {
  readonly name: string;
  readonly layer: Layer;
  readonly inputs: readonly string[];
  /** The step whose parameters it uses: its own name, unless a layer is applied again; '' gives parameters no layer's name. */
  readonly owner: string;
}

export interface Net {
  readonly inputs: readonly string[];
  readonly steps: readonly Step[];
  /** Output name → name of a step or input. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Layers by name, nested to any depth; names are joined by dots: `stage1.block0.conv1`. */
export type LayerTree = Layer | readonly LayerTree[] | { readonly [name: string]: LayerTree };

/** A net of layers in sequence; `input` goes into the first, and the last one's output is `output`. */
export function chainNet(layers: readonly (readonly [string, Layer])[], input = 'input'): Net {
  const steps = layers.map(([name, layer], i) => ({
    name,
    layer,
    inputs: [i === 0 ? input : layers[i - 1]![0]],
    owner: name,
  }));
  for (const { name, layer } of steps) checkCount(layer, 1, ...layer.inputs, `layer '${name}'`);
  checkNames([input], steps);
  return { inputs: [input], steps, outputs: { output: steps.at(-1)!.name } };
}

/**
 * The net that leads from `inputs` to `outputs`. Layers found in `tree` have its names; others are named by their kind:
 * `relu`, `relu2`.
 * @throws LanewiseError kind 'argument' for an unused input, a layer of the tree that is not applied, or a wire from an
 * input that is not among `inputs`.
 */
export function traceNet(
  owner: string,
  inputs: Readonly<Record<string, Wire>>,
  outputs: Readonly<Record<string, Wire>>,
  tree: LayerTree,
): Net {
  const given = new Map<Layer, string>();
  nameTree(owner, tree, '', given);
  const names = new Map<Wire, string>(Object.entries(inputs).map(([name, wire]) => [wire, name]));
  const taken = new Set([...Object.keys(inputs), ...given.values()]);
  const owners = new Map<Layer, string>();
  const used = new Set<Wire>(Object.values(outputs));
  const steps: Step[] = [];
  const fresh = (base: string): string => {
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}${n}`;
    taken.add(name);
    return name;
  };
  const visiting = new Set<Wire>();
  const visit = (wire: Wire): string => {
    const known = names.get(wire);
    if (known !== undefined) return known;
    if (visiting.has(wire))
      throw new LanewiseError('argument', `the layers of a ${owner} form a cycle`);
    visiting.add(wire);
    if (!isApplied(wire))
      throw new LanewiseError('argument', `a ${owner} uses an input that is not among its inputs`);
    wire.inputs.forEach((from) => used.add(from));
    const from = wire.inputs.map(visit);
    const first = owners.get(wire.from);
    const name =
      first === undefined ? (given.get(wire.from) ?? fresh(wire.from.kind)) : fresh(first);
    owners.set(wire.from, first ?? name);
    steps.push({ name, layer: wire.from, inputs: from, owner: first ?? name });
    names.set(wire, name);
    return name;
  };
  const ends = Object.entries(outputs).map(([name, wire]) => [name, visit(wire)] as const);
  const idle = Object.entries(inputs).find(([, wire]) => !used.has(wire));
  if (idle) throw new LanewiseError('argument', `input '${idle[0]}' of a ${owner} is not used`);
  const unapplied = [...given].find(([layer]) => !owners.has(layer));
  if (unapplied)
    throw new LanewiseError('argument', `layer '${unapplied[1]}' of a ${owner} is not applied`);
  checkNames(Object.keys(inputs), steps);
  return { inputs: Object.keys(inputs), steps, outputs: Object.fromEntries(ends) };
}

function nameTree(owner: string, tree: LayerTree, name: string, given: Map<Layer, string>): void {
  if (!isLayer(tree)) {
    if (typeof tree !== 'object' || tree === null)
      checkLayer(`layer '${name}' of a ${owner}`, tree);
    for (const [key, below] of Object.entries(tree) as [string, LayerTree][])
      nameTree(owner, below, name ? `${name}.${key}` : key, given);
    return;
  }
  if (given.has(tree)) {
    throw new LanewiseError(
      'argument',
      `one layer of a ${owner} is named '${given.get(tree)}' and '${name}'`,
    );
  }
  given.set(tree, name);
}

/** Applies the net's layers and returns its outputs by name. */
export function runNet(
  { inputs, steps, outputs }: Net,
  xs: readonly Tensor[],
  scope: Scope,
): Map<string, Tensor> {
  const values = new Map<string, Tensor>(inputs.map((name, i) => [name, xs[i]!]));
  for (const { name, layer, inputs: from, owner } of steps) {
    const tensors = from.map((source) => values.get(source)!);
    values.set(name, scope.apply(owner, layer, ...tensors));
  }
  return new Map(Object.entries(outputs).map(([name, from]) => [name, values.get(from)!]));
}

/** The net's layers as a model file describes them, without what follows from the order. */
export const describeNet = ({ inputs, steps }: Net): LayerDescription[] =>
  steps.map(({ name, layer: { kind, settings }, inputs: from, owner }, i) => {
    const before = i === 0 ? inputs[0] : steps[i - 1]!.name;
    const plain = from.length === 1 && from[0] === before;
    return {
      name,
      kind,
      settings,
      ...(plain ? {} : { inputs: from }),
      ...(owner === name ? {} : { shares: owner }),
    };
  });

/**
 * The net of a list from a file, with its layers made by `create`.
 * @throws LanewiseError kind 'argument' for names that are unknown, given twice, or come later (a cycle), and for an unused
 * input.
 */
export function readNet(
  inputs: readonly string[],
  layers: readonly LayerDescription[],
  outputs: Readonly<Record<string, string>>,
  create: (description: LayerDescription) => Layer,
): Net {
  const known = new Map<string, Step | undefined>(inputs.map((name) => [name, undefined]));
  const later = new Set(layers.map(({ name }) => name));
  const find = (who: string, name: string): void => {
    if (known.has(name)) return;
    throw new LanewiseError(
      'argument',
      later.has(name)
        ? `${who} takes '${name}', which comes after it: the layers form a cycle or are out of order`
        : `${who} takes '${name}', which is neither an input nor a layer`,
      nearest(name, [...known.keys()]),
    );
  };
  const steps = layers.map((description, i): Step => {
    const { name, shares } = description;
    const from = description.inputs ?? [i === 0 ? inputs[0]! : layers[i - 1]!.name];
    from.forEach((source) => find(`layer '${name}'`, source));
    if (shares && !known.get(shares)) find(`layer '${name}'`, shares);
    const layer = known.get(shares ?? '')?.layer ?? create(description);
    checkCount(layer, from.length, ...layer.inputs, `layer '${name}'`);
    const step = { name, layer, inputs: from, owner: shares ?? name };
    known.set(name, step);
    return step;
  });
  for (const [name, from] of Object.entries(outputs)) find(`output '${name}'`, from);
  const used = new Set([...Object.values(outputs), ...steps.flatMap((step) => step.inputs)]);
  const idle = inputs.find((name) => !used.has(name));
  if (idle !== undefined) throw new LanewiseError('argument', `input '${idle}' is not used`);
  checkNames(inputs, steps);
  return { inputs, steps, outputs };
}

function checkNames(inputs: readonly string[], steps: readonly Step[]): void {
  const seen = new Set(inputs);
  for (const { name } of steps) {
    if (seen.has(name)) {
      throw new LanewiseError(
        'argument',
        `two layers, or an input and a layer, are named '${name}'`,
      );
    }
    seen.add(name);
  }
}
