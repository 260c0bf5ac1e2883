/** tfjs layers models: model.json and the files of weights that it names. */
import { checkOptions, isObject, quote, refuse, text } from '../base/check.js';
import { parseJson } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import type { TensorFile } from '../formats/tensor-file.js';
import type { Shape } from '../graph/tensor.js';
import { importedModel, inputShapes, type ImportedModel } from './imported-model.js';
import { assemble } from './keras/keras-assemble.js';
import { readTopology } from './keras/keras-topology.js';
import { namedWeights } from './keras/keras-weights.js';
import { readManifest, type WeightFiles } from './tfjs-weights.js';

/** Options of `readTfjs`. */
export interface ReadTfjsOptions {
  /** Shapes of samples in the file's order, for inputs whose extents the file leaves open: `{ tokens: [80] }`. */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** The file's name in messages; default `model.json`. */
  readonly name?: string;
}

/**
 * A tfjs layers model: `model.json` as text, bytes or an object, and its weight files by the names that it gives them, or
 * their bytes as one array. Weights are matched by name and turned to the layouts that layers have here; quantised ones are
 * expanded in double precision. Samples are channels × height × width here, as `warnings` say.
 * @throws LanewiseError kind 'file' for damaged files, and for all layers at once that cannot be built, by name, class and
 * setting; kind 'argument' for wrong options.
 */
export function readTfjs(
  modelJson: string | Uint8Array | object,
  files: WeightFiles,
  options: ReadTfjsOptions = {},
): ImportedModel {
  const { inputs = {}, name = 'model.json' } = checkOptions('readTfjs', options, {
    inputs: inputShapes,
    name: text,
  });
  checkFiles('readTfjs', files);
  const model = jsonOf(name, modelJson);
  const { modelTopology: topology, weightsManifest: manifest, format } = model;
  if (format === 'graph-model' || (isObject(topology) && 'node' in topology))
    throw new LanewiseError(
      'file',
      `'${name}' is a graph model of tfjs, whose operations are TensorFlow's, expected a layers model`,
      'convert the Keras model that it was made of to the format tfjs_layers_model, or read its .keras or .h5 file',
    );
  if (!isObject(topology))
    throw new LanewiseError(
      'file',
      `'${name}' has ${topology === undefined ? 'no modelTopology' : `a modelTopology of ${quote(topology)}`}, expected a layers model`,
      'readTfjsWeights reads weights without a model',
    );
  // tensorflowjs_converter puts the model within model_config, and tfjs does not.
  const config = isObject(topology['model_config']) ? topology['model_config'] : topology;
  const version = topology['keras_version'];
  const arrays = readManifest(name, manifest, files);
  const assembled = assemble({
    file: name,
    net: readTopology(name, config),
    dialect: dialectOf(version),
    source: namedWeights(name, arrays),
    inputs,
  });
  return importedModel(assembled);
}

/** The names' meanings: tfjs has its own, and what was converted from Keras has Keras'. */
const dialectOf = (version: unknown): 'tfjs' | 'keras2' | 'keras3' =>
  typeof version !== 'string' || version.startsWith('tfjs')
    ? 'tfjs'
    : version.startsWith('3')
      ? 'keras3'
      : 'keras2';

function checkFiles(owner: string, files: WeightFiles): void {
  if (!(files instanceof Uint8Array) && !isObject(files))
    refuse(owner, 'files', files, 'bytes, or an object of bytes by the names of files');
}

function parsed(name: string, given: string | Uint8Array | object): unknown {
  if (typeof given === 'string') return parseJson('file', `'${name}'`, given);
  return given instanceof Uint8Array
    ? parseJson('file', `'${name}'`, new TextDecoder().decode(given))
    : given;
}

function jsonOf(
  name: string,
  given: string | Uint8Array | object,
): Readonly<Record<string, unknown>> {
  const value = parsed(name, given);
  if (isObject(value)) return value;
  throw new LanewiseError('file', `'${name}' holds ${quote(value)}, expected an object of a model`);
}

/**
 * The weights of tfjs alone, as tensors under the names and in the layouts of the file: `model.json`, or a manifest without a
 * model, as nets that are built in code have it.
 * @throws LanewiseError kind 'file' for a damaged manifest, and for files that are missing or of another length; kind 'argument'
 * for wrong options.
 */
export function readTfjsWeights(
  manifest: string | Uint8Array | object,
  files: WeightFiles,
  options: { readonly name?: string } = {},
): TensorFile {
  const { name = 'manifest.json' } = checkOptions('readTfjsWeights', options, { name: text });
  checkFiles('readTfjsWeights', files);
  const given = parsed(name, manifest);
  const groups = isObject(given) ? given['weightsManifest'] : given;
  const tensors = new Map(
    readManifest(name, groups, files).map((array) => [
      array.name,
      { shape: [...array.shape], data: array.values() },
    ]),
  );
  const notes = [
    'weights stand under the names and in the layouts of tfjs: kernels are H×W×in×out',
  ];
  return { tensors, others: new Map(), integers: new Map(), metadata: {}, notes };
}
