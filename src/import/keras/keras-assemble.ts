/**
 * Makes a model of a Keras net. Settings of all layers are read first and refusals are collected, then each call is built on
 * the values that it takes. Nested models become part of the model, with names joined by dots.
 */
import { LanewiseError, nearest } from '../../base/errors.js';
import { functional, type Layer, type Model, type Wire } from '../../layers/index.js';
import type { Weights } from '../../crew/session.js';
import { CLASSES } from './keras-classes.js';
import type { KerasFile, Making } from './keras-making.js';
import { settingsOf } from './keras-settings.js';
import { applied, plainName, type Build } from './keras-site.js';
import type { KerasLayer, KerasNet } from './keras-topology.js';
import { asKeras, asMoved, type Value } from './keras-values.js';
import { buildNet, neededLayers } from './keras-walk.js';
import type { WeightSource } from './keras-weights.js';

/** A model as it was assembled. */
export interface Assembled {
  readonly model: Model;
  readonly weights: Weights;
  readonly warnings: readonly string[];
  /** What the file's last layer makes of scores; a softmax over classes was cut, as the loss has it. */
  readonly ending: 'softmax' | 'sigmoid' | 'other';
}

/**
 * The model of a file.
 * @throws LanewiseError kind 'file' for all layers at once that cannot be built, by name, class and setting.
 */
export function assemble(file: KerasFile): Assembled {
  checkInputs(file);
  const builds = new Map<KerasLayer, Build>();
  const refusals: string[] = [];
  const warned = new Map<string, readonly string[]>();
  readLayers(file, file.net, '', builds, refusals, warned);
  refuseAll(file.file, refusals);
  const warnings = [
    ...[...warned].map(([text, names]) => `${listed(names)} ${text}`),
    ...trainingWarnings(file, file.net),
  ];
  const names = new Set(namesIn(file.net, ''));
  const vocabularies = new Map<string, number>();
  for (;;) {
    const known = vocabularies.size;
    const making: Making = {
      ...file,
      layers: new Map(),
      names,
      weights: new Map(),
      refusals: [],
      inputWires: new Map(),
      vocabularies,
      isChannelsFirst: isChannelsFirst(file.net),
    };
    const outputs = buildNet(making, builds, file.net, [], undefined, false);
    // An embedding has said how many tokens its input has.
    if (vocabularies.size > known) continue;
    refuseAll(file.file, making.refusals);
    return finish(making, outputs as readonly Value[], warnings);
  }
}

/** @throws LanewiseError kind 'argument' for a shape of an input that the file has not. */
function checkInputs({ inputs, net }: KerasFile): void {
  const known = net.inputs.map(({ layer }) => layer);
  const unknown = Object.keys(inputs).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new LanewiseError(
    'argument',
    `inputs: the file has no input '${unknown}', expected ${known.join(', ')}`,
    nearest(unknown, known),
  );
}

/** Reads the settings of all layers that lead to the outputs. */
function readLayers(
  file: KerasFile,
  net: KerasNet,
  prefix: string,
  builds: Map<KerasLayer, Build>,
  refusals: string[],
  warned: Map<string, readonly string[]>,
): void {
  for (const layer of neededLayers(file.file, net)) {
    const named = `'${prefix}${layer.name}' (${layer.className})`;
    if (layer.net) {
      readLayers(file, layer.net, `${prefix}${layer.name}.`, builds, refusals, warned);
      continue;
    }
    if (layer.className === 'InputLayer') continue;
    const convert = Object.hasOwn(CLASSES, layer.className) ? CLASSES[layer.className] : undefined;
    if (!convert) {
      refusals.push(`${named}: there is no such layer here`);
      continue;
    }
    const settings = settingsOf(layer, file.dialect);
    for (const extra of new Set(layer.extras)) settings.refusals.push(`it is called with ${extra}`);
    builds.set(layer, convert(settings));
    if (settings.refusals.length > 0) refusals.push(`${named}: ${settings.refusals.join(', ')}`);
    for (const warning of settings.warnings) {
      const text = `(${layer.className}): ${warning}`;
      warned.set(text, [...(warned.get(text) ?? []), `${prefix}${layer.name}`]);
    }
  }
}

/** The first of some names. */
function listed(names: readonly string[] = []): string {
  const all = [...new Set(names)];
  const first = all.slice(0, MOST).map((name) => `'${name}'`);
  return `${first.join(', ')}${all.length > MOST ? ` and ${all.length - MOST} more` : ''}`;
}

/** What the file says of training, which is the run's matter here. */
function trainingWarnings(file: KerasFile, net: KerasNet): string[] {
  const held: Record<string, string[]> = { regularizer: [], constraint: [], trainable: [] };
  const visit = (within: KerasNet, prefix: string): void => {
    for (const layer of neededLayers(file.file, within)) {
      const name = `${prefix}${layer.name}`;
      if (layer.net) visit(layer.net, `${name}.`);
      for (const [key, value] of Object.entries(layer.config))
        for (const what of ['regularizer', 'constraint'])
          if (key.endsWith(`_${what}`) && value !== null && value !== undefined)
            held[what]!.push(name);
      if (layer.config['trainable'] === false) held['trainable']!.push(name);
    }
  };
  visit(net, '');
  return [
    ...(held['regularizer']!.length > 0
      ? [
          `regularizers are not part of layers here: ${listed(held['regularizer'])}; weightDecay of the optimizer is the nearest`,
        ]
      : []),
    ...(held['constraint']!.length > 0
      ? [`constraints on weights are left out: ${listed(held['constraint'])}`]
      : []),
    ...(held['trainable']!.length > 0
      ? [
          `the file has layers that are not trained: ${listed(held['trainable'])}; freeze keeps them so`,
        ]
      : []),
  ];
}

/** @throws LanewiseError kind 'file' with all refusals, if there are any. */
function refuseAll(file: string, refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  const count = refusals.length === 1 ? 'a layer' : `${refusals.length} layers`;
  throw new LanewiseError(
    'file',
    `'${file}' has ${count} that Lanewise cannot build: ${refusals.join('; ')}`,
    'replace them in the program that made the file and save it again, or build the net here: loadWeights reads the weights alone',
  );
}

/** The names in the model of a net's layers, also of those in its models. */
const namesIn = (net: KerasNet, before: string): string[] =>
  net.layers.flatMap((layer) => {
    const name = plainName(`${before}${layer.name}`);
    return layer.net ? [name, ...namesIn(layer.net, `${name}.`)] : [name];
  });

const isChannelsFirst = (net: KerasNet): boolean =>
  net.layers.some((layer) =>
    layer.net ? isChannelsFirst(layer.net) : layer.config['data_format'] === 'channels_first',
  );

/** The model of values, and the weights of its parameters in their order. */
function finish(making: Making, outputs: readonly Value[], given: readonly string[]): Assembled {
  const { file, net, source } = making;
  const ends = outputs.map((value) => asOutput(value, making.isChannelsFirst));
  const ending = endingOf(ends);
  const wires = ends.map((value) => (ending === 'softmax' ? value.wire.inputs[0]! : value.wire));
  const kept = [...making.layers].flatMap(([name, [layer]]) =>
    ending === 'softmax' && layer === ends[0]!.wire.from ? [] : [[name, layer] as const],
  );
  // In the order of the file, which need not be that of its layers.
  const inputs = net.inputs.flatMap(({ layer }): [string, Wire][] => {
    const wire = making.inputWires.get(plainName(layer));
    return wire ? [[plainName(layer), wire]] : [];
  });
  const isAlone = inputs.length === 1 && !making.layers.has('input');
  const model = functional({
    inputs: isAlone ? inputs[0]![1] : Object.fromEntries(inputs),
    outputs: wires.length === 1 ? wires[0]! : namedOutputs(net, wires),
    layers: Object.fromEntries(kept),
  });
  const weights = new Map(
    model.parameters.map(({ name }) => {
      const values = making.weights.get(name);
      if (!values) throw new LanewiseError('file', `'${file}' has no weights for '${name}'`);
      return [name, values];
    }),
  );
  const warnings = [...inputWarnings(model, making.isChannelsFirst), ...endWarnings(ends, ending)];
  return { model, weights, warnings: [...warnings, ...given, ...unusedIn(source)], ending };
}

const apply = (layer: Layer, ...values: readonly Value[]): Value => applied(layer, values);

/** An output as it is given here: an image with its channels first, anything else in Keras' order. */
const asOutput = (value: Value, isChannelsFirst: boolean): Value =>
  value.shape.length === 3 && !isChannelsFirst ? asMoved(value, apply) : asKeras(value, apply);

/** Outputs by the names of the layers that give them. */
function namedOutputs(net: KerasNet, wires: readonly Wire[]): Record<string, Wire> {
  const named = new Map<string, Wire>();
  for (const [i, wire] of wires.entries()) {
    const name = plainName(net.outputs[i]!.layer);
    let free = name;
    for (let n = 2; named.has(free); n++) free = `${name}_${n}`;
    named.set(free, wire);
  }
  return Object.fromEntries(named);
}

/** The function at a model's only output, if it is one that losses have within. */
function endingOf(ends: readonly Value[]): Assembled['ending'] {
  const [end] = ends;
  const { from } = end!.wire;
  if (ends.length !== 1 || end!.shape.length !== 1 || typeof from !== 'function') return 'other';
  if (from.kind === 'softmax' && end!.shape[0]! > 1) return 'softmax';
  return from.kind === 'sigmoid' ? 'sigmoid' : 'other';
}

function endWarnings(ends: readonly Value[], ending: Assembled['ending']): string[] {
  const images = ends.filter(({ shape, moved }) => shape.length === 3 && moved);
  return [
    ...(ending === 'softmax'
      ? [
          'the softmax at the end is left to the loss: the model gives logits, which crossEntropy wants, and predict of the trained model gives the probabilities',
        ]
      : []),
    ...images.map(
      ({ shape: [h, w, c] }) =>
        `the output is ${c}×${h}×${w}, channels first, where the file has ${h}×${w}×${c}`,
    ),
  ];
}

function inputWarnings({ architecture }: Model, isChannelsFirst: boolean): string[] {
  if (isChannelsFirst) return [];
  return Object.entries(architecture.inputs).flatMap(([name, { shape }]) => {
    if (shape.length !== 3) return [];
    const [c, h, w] = shape;
    return [
      `input '${name}' takes images as ${c}×${h}×${w}, channels first, where the file has ${h}×${w}×${c}: fromPixels and folders of images give them so, and arrays are to be transposed`,
    ];
  });
}

const MOST = 3;

function unusedIn(source: WeightSource): string[] {
  const names = source.unused();
  if (names.length === 0) return [];
  const more = names.length > MOST ? ', …' : '';
  return [
    `${names.length} weights of the file belong to no layer of the model: ${names.slice(0, MOST).join(', ')}${more}`,
  ];
}
