/** Models in files of any kind that the command line reads: our own, and those of other programs, a row for each kind. */
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';
import { foreignKind } from '../formats/foreign.js';
import { readHeader } from '../formats/safetensors-header.js';
import { TENSOR_FORMATS } from '../formats/tensor-file.js';
import { sizeOf } from '../graph/tensor.js';
import { decodeModel } from '../trained/model-file.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';
import { asClassifier } from './as-classifier.js';
import { isInt8, isOnnx, openTensors } from './file-contents.js';
import { imageInput, leavesScaleOpen } from './image-scale.js';
import { isKeras, readKerasFile } from './keras-files.js';
import { readOnnxFile } from './onnx-file.js';
import { note } from './terminal.js';
import { isTfjs, readTfjsFiles } from './tfjs-files.js';

/** What a file may leave open. */
export interface ReadingOptions {
  /** Shapes of one sample, by the inputs' names. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  /** The values up to which the model is read. */
  readonly outputs?: readonly string[];
  /** Whether the first axis of inputs and outputs is the samples'. */
  readonly batch?: 'first' | 'none';
}

export interface ModelRead {
  readonly trained: TrainedModel;
  readonly warnings: readonly string[];
  /**
   * Whether the file says what the model was trained on. Otherwise samples are taken for images and scores for those of
   * classes, where they can be.
   */
  readonly knowsSamples: boolean;
}

/** One row of the table. */
export interface ForeignModel {
  /** The kind in sentences. */
  readonly is: string;
  /** Which of the options it knows. */
  readonly knows: readonly (keyof ReadingOptions)[];
  /** By the file's first bytes, or, where they say nothing, its name. */
  begins(bytes: Uint8Array, path: string): boolean;
  /** @throws LanewiseError kind 'file' for a damaged file, and for what is not supported. */
  read(
    path: string,
    bytes: Uint8Array,
    options: ReadingOptions,
  ): Promise<Omit<ModelRead, 'knowsSamples'>>;
}

const FOREIGN: readonly ForeignModel[] = [
  {
    is: 'an ONNX file',
    knows: ['inputs', 'outputs', 'batch'],
    begins: isOnnx,
    read: readOnnxFile,
  },
  {
    is: 'a tfjs model',
    knows: ['inputs'],
    begins: isTfjs,
    read: readTfjsFiles,
  },
  {
    is: 'a Keras model',
    knows: ['inputs'],
    begins: isKeras,
    read: readKerasFile,
  },
];

/** The kind of another program's file with a model; undefined for all other files. */
export const foreignModel = (path: string, bytes: Uint8Array): ForeignModel | undefined =>
  FOREIGN.find(({ begins }) => begins(bytes, path));

/**
 * The model in a file's bytes. Inputs that can be images are read as such, of bytes.
 * @throws LanewiseError kind 'file' as `decodeModel` and the readers of other files; kind 'argument' for options that
 * say something of another kind of file.
 */
export async function modelIn(
  path: string,
  bytes: Uint8Array,
  options: ReadingOptions = {},
): Promise<ModelRead> {
  const foreign = foreignModel(path, bytes);
  const [unknown] = (Object.keys(options) as (keyof ReadingOptions)[]).filter(
    (name) => options[name] !== undefined && !foreign?.knows.includes(name),
  );
  if (unknown !== undefined)
    throw new LanewiseError(
      'argument',
      `--${unknown} says how ${unknown === 'inputs' ? 'another program’s model' : 'an ONNX file'} is read, and '${path}' is ${foreign?.is ?? 'none'}`,
      `leave --${unknown} out`,
    );
  if (!foreign) return { trained: await ownModel(path, bytes), warnings: [], knowsSamples: true };
  const read = await foreign.read(path, bytes, options);
  const knowsSamples = read.trained.samples !== undefined;
  const { trained, warnings } = knowsSamples ? read : await asClassifier(read);
  return { trained: ofImages(trained), warnings, knowsSamples };
}

/**
 * One of our own files; layers that came from an ONNX file are known once its reader is loaded.
 * @throws LanewiseError kind 'file' for any other file; for weights alone, with the command that takes them.
 */
export async function ownModel(path: string, bytes: Uint8Array): Promise<TrainedModel> {
  // Readers of other programs' files may be loaded already.
  const kind = TENSOR_FORMATS[0]!.begins(bytes) ? undefined : foreignKind(bytes);
  if (kind?.reader)
    throw new LanewiseError(
      'file',
      `'${path}' is ${kind.is}, expected a model file of Lanewise`,
      `lanewise train MODEL --weights ${path} begins with its weights, lanewise inspect ${path} lists them`,
    );
  if (isInt8(path, bytes)) throw notInt8(path);
  // The tensors of large files are not decoded for their description alone.
  const isOurs = TENSOR_FORMATS[0]!.begins(bytes);
  const { metadata } = isOurs ? readHeader(bytes, path) : await openTensors(path, bytes);
  if (metadata['architecture']?.includes('"kind":"onnx"')) await import('../onnx/index.js');
  return decodeModel(bytes, path);
}

/** What a command that needs a float model is told of a file in int8. */
export const notInt8 = (path: string): LanewiseError =>
  new LanewiseError(
    'file',
    `'${path}' is a model in int8, whose integers cannot be trained or written otherwise`,
    'give the float model that quantize made it from; eval, predict, inspect and export of predictions take this one',
  );

/** The model in a file, for commands that use one; warnings are notes on standard error. */
export const openModel = async (path: string): Promise<TrainedModel> =>
  warned(await modelIn(path, await readSource('model', path)));

/** The model, after notes of what is worth knowing of how it was read. */
export function warned({ trained, warnings, knowsSamples }: ModelRead): TrainedModel {
  for (const warning of warnings) note(warning);
  if (!knowsSamples && leavesScaleOpen(trained))
    note(
      'the file does not say how images are scaled: they are given as 0 to 1; import --scale imagenet scales them as torchvision’s nets expect it',
    );
  return trained;
}

/** Most values of an image: larger inputs of three axes are something else. */
const MOST_VALUES = 2 ** 25;

/** A model whose file does not say what its samples are, with those of images where its only input can be one. */
function ofImages(trained: TrainedModel): TrainedModel {
  const { model, terms, numerics, weights, samples, classes } = trained;
  const input = imageInput(model.architecture);
  const shape = input?.[1].shape ?? [];
  if (samples || !input || sizeOf(shape) > MOST_VALUES || input[1].vocabulary !== undefined)
    return trained;
  const described = { samples: { shape, type: 'uint8' as const }, ...(classes ? { classes } : {}) };
  return createTrainedModel(model, terms, numerics, weights, described);
}
