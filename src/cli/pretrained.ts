/**
 * A run that begins with a file's weights: those of one of our own model files, whose model is taken as it is or with
 * another head, or those of any safetensors file in a model by name.
 */
import { basename, dirname, extname } from 'node:path';
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { withNames } from '../data/class-names.js';
import type { IndexedDataset, LabelledDataset } from '../data/dataset.js';
import { readSource } from '../data/file-source.js';
import { changed } from '../data/forms.js';
import { withColumnsOf } from '../data/table-tools.js';
import { encodeSafetensors, type StoredTensor } from '../formats/safetensors.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import type { Recipe } from '../models/recipes.js';
import { headName, headNames, replaceHead, type Pretrained } from '../trained/fine-tuning.js';
import { modelTensors } from '../trained/model-file.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { decodePartialWeights } from '../trained/weights-file.js';
import type { DataRequest, DataSets, ImageShape } from './data-sources.js';
import { isInt8, isOnnx, openTensors } from './file-contents.js';
import { foreignModel, modelIn, notInt8, ownModel, warned } from './model-source.js';
import { onnxTensors } from './onnx-file.js';
import { takingRows } from './row-input.js';
import { formatCount } from './terminal.js';

export interface PretrainedOptions {
  readonly weights?: string;
  readonly head?: string;
  readonly freeze?: readonly string[];
  readonly backboneLrFactor?: number;
}

/** @throws LanewiseError kind 'argument' for options that say something of weights, without any. */
export function checkPretrained({ weights, ...options }: PretrainedOptions): void {
  const { head, freeze, backboneLrFactor } = options;
  if (freeze?.includes('backbone') && backboneLrFactor !== undefined)
    throw new LanewiseError(
      'argument',
      `--freeze backbone keeps what --backbone-lr-factor ${backboneLrFactor} would move`,
      'leave one of them out',
    );
  if (weights !== undefined) return;
  const flag =
    head !== undefined
      ? '--head'
      : freeze
        ? '--freeze'
        : backboneLrFactor === undefined
          ? undefined
          : '--backbone-lr-factor';
  if (flag === undefined) return;
  throw new LanewiseError(
    'argument',
    `${flag} goes with --weights, as drawn weights have nothing to keep`,
    `add --weights FILE, or leave ${flag} out`,
  );
}

/** The file of `--weights`. */
export interface WeightsFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The model, if the file has one. */
  readonly trained?: TrainedModel;
  /** Whether the file says by which loss the model was trained; default yes. */
  readonly knowsLoss?: boolean;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Opens a file of weights; for a model that is named (`isNamed`), another program's file gives its tensors alone.
 * @throws LanewiseError kind 'file' for a file that cannot be read or has another format.
 */
export async function openWeights(path: string, isNamed: boolean): Promise<WeightsFile> {
  const bytes = await readSource('weights', path);
  if (foreignModel(path, bytes))
    return isNamed ? weightsAlone(path, bytes) : foreignWeights(path, bytes);
  if (isInt8(path, bytes)) throw notInt8(path);
  const { metadata, tensors } = await openTensors(path, bytes);
  if (metadata['lanewise'] === undefined) return { path, bytes, tensors };
  return { path, bytes, tensors, trained: await ownModel(path, bytes) };
}

/** Another program's model, to go on from. */
async function foreignWeights(path: string, bytes: Uint8Array): Promise<WeightsFile> {
  const read = await modelIn(path, bytes);
  const trained = read.knowsSamples ? warned(read) : takingRows(warned(read));
  return { path, bytes, tensors: modelTensors(trained), trained, knowsLoss: read.knowsSamples };
}

/** The tensors of another program's model by name, for a model that is built here. */
async function weightsAlone(path: string, bytes: Uint8Array): Promise<WeightsFile> {
  const tensors = isOnnx(bytes, path)
    ? await onnxTensors(path, bytes)
    : modelTensors((await modelIn(path, bytes)).trained);
  return { path, bytes: encodeSafetensors(tensors, {}), tensors };
}

/** The name of a run that goes on from a file: its own, or that of its run's folder. */
export function nameOfFile(path: string): string {
  const own = basename(path, extname(path));
  const folder = basename(dirname(path));
  return /^(model|checkpoint|weights)$/.test(own) && folder !== '' && folder !== '.' ? folder : own;
}

/** What a file says of the samples to read, where the options leave it open. */
export function knownOf({ trained }: WeightsFile): DataRequest {
  const { samples, table, vocabulary, text } = trained ?? {};
  const isImage = samples?.shape.length === 3 && samples.type === 'uint8' && !table;
  return {
    ...(isImage ? { shape: samples.shape as unknown as ImageShape, type: samples.type } : {}),
    ...(isImage && samples.fit ? { fit: samples.fit } : {}),
    ...(vocabulary ? { known: { vocabulary, ...(text ? { text } : {}) } } : {}),
  };
}

/** Where a run begins. */
export interface Start {
  readonly model: Model;
  readonly weights: Pretrained['weights'];
  /** Beginnings of the names of all parameters but the head's. */
  readonly backbone: readonly string[];
  readonly notes: readonly string[];
}

/** The usual learning rate is divided by it: weights that know something are moved with care. */
const CARE = 5;

/** The recipe for going on: smaller steps, and the model's loss, if it is to be kept. */
export function carefulRecipe(
  recipe: Recipe,
  { trained }: WeightsFile,
  keepsLoss: boolean,
): Recipe {
  const careful = { ...recipe, learningRate: recipe.learningRate / CARE };
  if (!trained || !keepsLoss) return careful;
  const loss = Object.fromEntries(
    trained.terms.map(({ output, ...term }) => [output, term] as const),
  );
  return { ...careful, loss };
}

/**
 * The images' settings with the scale that the file's weights were trained with: the file's own, or, for weights of
 * another program, what the model's paper has.
 */
export const keepingScale = (recipe: Recipe, { trained }: WeightsFile): Recipe => ({
  ...recipe,
  create(images) {
    if (!images || !(recipe.sized || trained)) return recipe.create(images);
    const { mean: _m, deviation: _d, ...others } = images;
    const input = Object.values(trained?.model.architecture.inputs ?? {})[0];
    const isSame = input !== undefined && input.shape[0] === images.shape[0];
    const { mean, deviation } = input ?? {};
    return recipe.create(
      isSame
        ? {
            ...others,
            ...(mean === undefined ? {} : { mean }),
            ...(deviation === undefined ? {} : { deviation }),
          }
        : others,
    );
  },
});

/** The parts with labels and columns in the model's order, where it knows them. */
export function matched(data: DataSets, { trained }: WeightsFile, keepsHead: boolean): DataSets {
  if (!trained) return data;
  const { classes, table } = trained;
  const match = <D extends IndexedDataset>(part: D): D => {
    const columns = changed(part, (samples) => withColumnsOf(samples, table, 'the model'));
    return keepsHead && classes && 'labels' in part
      ? (withNames(columns as LabelledDataset, classes, 'the model') as IndexedDataset as D)
      : columns;
  };
  const { train, test, validation } = data;
  const tested = match(test);
  return {
    ...data,
    train: match(train),
    test: tested,
    ...(validation ? { validation: validation === test ? tested : match(validation) } : {}),
  };
}

/** Whether the file's model knows all classes of the data, so that its head can stay. */
export function knowsClasses({ train }: DataSets, { trained }: WeightsFile): boolean {
  if (!('labels' in train)) return true;
  const known = trained?.classes;
  return known === undefined
    ? outputsOf(trained!.model) === train.classes.length
    : train.classes.every((name) => known.includes(name));
}

/** Number of classes of the data, if it has a class a sample. */
export const classCount = ({ train }: DataSets): number | undefined =>
  'labels' in train ? train.classes.length : undefined;

/** Whether the data's classes are other ones than the file's, or stand in another order. */
export const differ = ({ train }: DataSets, { trained }: WeightsFile): boolean =>
  'labels' in train &&
  trained?.classes !== undefined &&
  trained.classes.join('\n') !== train.classes.join('\n');

const outputsOf = ({ outputs }: Model): number | undefined => [...outputs.values()][0]?.at(-1);

/** The file's own model, with another head if `classes` are given. @throws LanewiseError as `replaceHead`. */
export function startOf(
  { path, trained }: WeightsFile,
  { head }: PretrainedOptions,
  classes: number | undefined,
): Start {
  const layer = head ?? headName(trained!.model);
  const { model, weights } = classes === undefined ? trained! : withHead(trained!, classes, head);
  const said =
    classes === undefined
      ? `begins with '${path}'${trained!.classes ? ', whose classes are known' : ', with its own head'}`
      : `begins with '${path}', with a new head '${layer}' for ${classes} classes`;
  return { model, weights, backbone: backboneOf(model, layer), notes: [said] };
}

/** @throws LanewiseError as `replaceHead`, and kind 'argument' for a layer that others come after. */
function withHead(trained: TrainedModel, classes: number, head: string | undefined): Pretrained {
  if (head === undefined) return replaceHead(trained, { classes });
  const own = headName(trained.model);
  const isKnown = trained.model.parameters.some(({ name }) => name.startsWith(`${head}.`));
  if (head === own || !isKnown) return replaceHead(trained, { classes, layer: head });
  const refused = (cause?: unknown) =>
    new LanewiseError(
      'argument',
      `--head ${head}: other layers come after it, and do not make ${classes} classes of it`,
      `its head is '${own}'`,
      { cause },
    );
  let made: Pretrained;
  try {
    made = replaceHead(trained, { classes, layer: head });
  } catch (error) {
    throw refused(error);
  }
  if (outputsOf(made.model) !== classes) throw refused();
  return made;
}

/** The heads of a model by name: the one asked for, or the first output's, then those of its other outputs. */
function headsOf(model: Model, asked: string | undefined): readonly [string, ...string[]] {
  const [own, ...others] = headNames(model);
  const head = asked ?? own ?? headName(model);
  if (model.parameters.some(({ name }) => name.startsWith(`${head}.`)))
    return [head, ...others.filter((name) => name !== head)];
  throw new LanewiseError(
    'argument',
    `--head ${head} is no layer with weights of the model`,
    `its head is '${headName(model)}'`,
  );
}

/**
 * Whether a head is drawn: one of its tensors has another shape, or, as GoogLeNet's auxiliary ones, which PyTorch leaves
 * out of what it was not asked for, some are missing.
 */
function isDrawn(
  { parameters }: Model,
  tensors: WeightsFile['tensors'],
  head: string,
  isFirst: boolean,
): boolean {
  const own = parameters.filter(({ name }) => name.startsWith(`${head}.`));
  const keys = [...tensors.keys()];
  return own.some(({ name, shape }) => {
    const found = keys.filter((key) => key === name || key.endsWith(`.${name}`));
    if (found.length === 0) return !isFirst;
    return found.every((key) => showShape(tensors.get(key)!.shape) !== showShape(shape));
  });
}

/**
 * A model by name with the file's weights, as far as they fit: heads of another shape are drawn, and everything else must
 * be there.
 * @throws LanewiseError kind 'file' for weights that do not fit, naming the first one.
 */
export function startNamed(
  model: Model,
  { path, bytes, tensors, trained }: WeightsFile,
  { head: asked }: PretrainedOptions,
  isAsked: boolean,
): Start {
  const heads = headsOf(model, asked);
  const [head] = heads;
  const isOf = (one: string, name: string) => name.startsWith(`${one}.`);
  const drawn = heads.filter(
    (one) => (one === head && isAsked) || isDrawn(model, tensors, one, one === head),
  );
  const left = model.parameters.filter(({ name }) => drawn.some((one) => isOf(one, name)));
  const names = (key: string) =>
    left.some(({ name }) => key === name || key.endsWith(`.${name}`)) ? null : key;
  const { weights, missing, unexpected, notes } = knowing(trained, () =>
    decodePartialWeights(model, bytes, path, left.length > 0 ? { names } : {}),
  );
  const lacking = missing.filter((name) => !heads.some((one) => isOf(one, name)));
  if (lacking.length > 0)
    throw new LanewiseError(
      'file',
      `'${path}' has no tensor '${lacking[0]}'${lacking.length > 1 ? ` and ${formatCount(lacking.length - 1)} others` : ''} of the model`,
      trained
        ? OWN_MODEL
        : unexpected.length > 0
          ? `it has ${shorten(unexpected.slice(0, 3).map(quote).join(', '))}: another model, or names of another library, which loadPartialWeights maps`
          : 'it may be the file of another model',
    );
  const isNew = heads.filter((one) => missing.some((name) => isOf(one, name)));
  return {
    model,
    weights,
    backbone: backboneOf(model, head, ...isNew),
    notes: [
      `begins with '${path}'${isNew.length > 0 ? `, with a new head ${isNew.map(quote).join(', ')}` : ''}`,
      ...notes,
      ...(unexpected.length > 0
        ? [
            `not used, as of another model: ${formatCount(unexpected.length)} of the file's tensors, ${shorten(unexpected.join(', '))}`,
          ]
        : []),
    ],
  };
}

const OWN_MODEL = 'leave the model’s name out: the file says which model it is, and its size';

const OTHER_SIZE =
  'a net of another --size or --width has other shapes: torchvision’s VGG takes --size 224';

/** What `read` gives; where it fails for a file that says its own model, the way out is to take that. */
function knowing<V>(trained: TrainedModel | undefined, read: () => V): V {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LanewiseError) || (!trained && error.hint !== undefined)) throw error;
    const hint = trained ? OWN_MODEL : OTHER_SIZE;
    throw new LanewiseError(error.kind, error.message, hint, { cause: error });
  }
}

/** The shortest beginnings of names that cover all parameters but those of `heads`. */
export function backboneOf({ parameters }: Model, ...heads: readonly string[]): string[] {
  const found = new Set<string>();
  for (const { name } of parameters) {
    if (heads.some((head) => name.startsWith(`${head}.`))) continue;
    const parts = name.split('.');
    const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
    found.add(prefixes.find((one) => !heads.some((head) => `${head}.`.startsWith(`${one}.`)))!);
  }
  return [...found];
}

/** The layers to freeze, with `backbone` as its names. */
export const frozenOf = (
  names: readonly string[] | undefined,
  start: Start | undefined,
): readonly string[] | undefined =>
  names?.flatMap((name) => (name === 'backbone' ? (start?.backbone ?? []) : [name]));
