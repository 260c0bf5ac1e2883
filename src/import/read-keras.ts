/** Whole models that Keras saved: `.keras`, an archive of a description and an HDF5 file of weights, and `.h5`. */
import { checkOptions, isObject, refuse, text } from '../base/check.js';
import { parseJson } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import type { Shape } from '../graph/tensor.js';
import { isArchive, openArchive } from './archive.js';
import { isHdf5, openHdf5, type Hdf5Group } from './hdf5/hdf5.js';
import { importedModel, inputShapes, type ImportedModel } from './imported-model.js';
import { assemble } from './keras/keras-assemble.js';
import { arraysIn, placedWeights, textOfAttribute } from './keras/keras-stores.js';
import type { Dialect } from './keras/keras-settings.js';
import { readTopology } from './keras/keras-topology.js';
import { namedWeights, type WeightSource } from './keras/keras-weights.js';

/** Options of `readKeras`. */
export interface ReadKerasOptions {
  /** Shapes of samples in the file's order, for inputs whose extents the file leaves open: `{ tokens: [80] }`. */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** The file's name in messages; default `model.keras`. */
  readonly name?: string;
}

/** A model's description and weights, as a file has them. */
interface Opened {
  readonly description: unknown;
  readonly version: unknown;
  readonly source: WeightSource;
}

/**
 * A whole model of Keras: the bytes of a `.keras` file (Keras 2.12 and later) or of an `.h5` file of a whole model. What
 * differs from Keras is in `warnings`: samples are channels × height × width here.
 * @throws LanewiseError kind 'file' for damaged files, for files of weights alone, and for all layers at once that cannot be
 * built, by name, class and setting; kind 'argument' for wrong options.
 */
export function readKeras(bytes: Uint8Array, options: ReadKerasOptions = {}): ImportedModel {
  const { inputs = {}, name = 'model.keras' } = checkOptions('readKeras', options, {
    inputs: inputShapes,
    name: text,
  });
  if (!(bytes instanceof Uint8Array))
    refuse('readKeras', 'bytes', bytes, 'the bytes of a .keras or .h5 file, a Uint8Array');
  if (isHdf5(bytes)) {
    const root = openHdf5(bytes, name);
    if (textOfAttribute(root, 'model_config') === undefined)
      throw new LanewiseError(
        'file',
        `'${name}' holds weights alone, without a description of the model`,
        "in Python: model.save('model.keras'); or build the model here, and loadWeights reads them",
      );
    return importedH5(root, name, inputs);
  }
  if (isArchive(bytes)) return importedFrom(openKeras(bytes, name), name, inputs);
  throw new LanewiseError(
    'file',
    `'${name}' is neither a .keras nor an .h5 file, by its first bytes`,
    'readTfjs reads the model.json of tfjs',
  );
}

/** The model of an open HDF5 file that describes one. */
export function importedH5(
  root: Hdf5Group,
  name: string,
  inputs: Readonly<Record<string, Shape>> = {},
): ImportedModel {
  const weights = root.members.get('model_weights');
  const opened = {
    description: parseJson('file', `'${name}'`, textOfAttribute(root, 'model_config')!),
    version: root.attributes.get('keras_version')?.[0],
    source: namedWeights(name, weights?.kind === 'group' ? arraysIn(weights) : [], true),
  };
  return importedFrom(opened, name, inputs);
}

function importedFrom(
  { description, version, source }: Opened,
  file: string,
  inputs: Readonly<Record<string, Shape>>,
): ImportedModel {
  const net = readTopology(file, description);
  return importedModel(assemble({ file, net, dialect: dialectOf(version), source, inputs }));
}

const dialectOf = (version: unknown): Dialect =>
  typeof version === 'string' && version.startsWith('3') ? 'keras3' : 'keras2';

const WEIGHTS = 'model.weights.h5';

/** Opens a `.keras` file. */
function openKeras(bytes: Uint8Array, name: string): Opened {
  const archive = openArchive(bytes, name);
  if (!archive.has('config.json'))
    throw new LanewiseError(
      'file',
      `'${name}' is an archive without a config.json, which a .keras file has`,
    );
  const json = (path: string): unknown =>
    parseJson('file', `${path} of '${name}'`, new TextDecoder().decode(archive.read(path)));
  if (!archive.has(WEIGHTS)) {
    const other = archive.paths.find((path) => path.startsWith('model.weights'));
    throw new LanewiseError(
      'file',
      `'${name}' has ${other === undefined ? 'no weights' : `its weights in '${other}'`}, expected '${WEIGHTS}'`,
      other === undefined ? undefined : "in Python: model.save('model.keras') writes them so",
    );
  }
  const metadata = archive.has('metadata.json') ? json('metadata.json') : {};
  return {
    description: json('config.json'),
    version: isObject(metadata) ? metadata['keras_version'] : undefined,
    source: placedWeights(name, openHdf5(archive.read(WEIGHTS), name)),
  };
}
