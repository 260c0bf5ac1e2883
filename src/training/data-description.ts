/** What a trained model knows of its data besides its weights: for predictions from a file alone. */
import {
  isSampleStream,
  isStreamed,
  isTensorDataset,
  type AnyDataset,
  type Field,
} from '../data/dataset.js';
import { shapeAfter } from '../data/transforms/chain.js';
import type { Transform } from '../data/transforms/transform.js';
import type { Fit } from '../formats/resize.js';
import type { Shape } from '../graph/tensor.js';

/** The samples that a model was trained on. */
export interface SampleFormat {
  /** After the transforms. */
  readonly shape: Shape;
  /** Bytes count 0–255 as 0–1; floats are as they are. */
  readonly type: 'uint8' | 'int32' | 'float32';
  /** How image files were brought to that shape, if they were. */
  readonly fit?: Fit;
}

/** Both are absent where nobody said. */
export interface DataDescription {
  /** Names of the classes, in the order of the scores. */
  readonly classes?: readonly string[];
  readonly samples?: SampleFormat;
}

/** Of a data set that a model was trained on; one of several inputs has no one kind of samples. */
export function describeData(data: AnyDataset): DataDescription {
  if (isTensorDataset(data)) {
    const [first, ...others] = Object.values(data.inputs);
    if (!first || others.length > 0) return {};
    return { samples: formatOf(first.shape, typeOf(first.values), first.transforms) };
  }
  const { classes, shape } = data;
  if (isSampleStream(data))
    return { classes, samples: formatOf(shape, data.type, data.transforms) };
  const { fit, transforms } = data;
  const type = isStreamed(data) ? data.reader.type : typeOf(data.samples);
  return { classes, samples: { ...formatOf(shape, type, transforms), ...(fit ? { fit } : {}) } };
}

/** Behind these, values are not those of images any more. */
const RESCALING = ['normalize', 'invert'];

function formatOf(
  shape: Shape,
  type: SampleFormat['type'],
  transforms: readonly Transform[] = [],
): SampleFormat {
  if (transforms.length === 0) return { shape, type };
  const isRescaled = transforms.some(({ kind }) => RESCALING.includes(kind));
  return { shape: shapeAfter(transforms, shape), type: isRescaled ? 'float32' : type };
}

const typeOf = (values: Field['values']): SampleFormat['type'] => {
  if (values instanceof Uint8Array) return 'uint8';
  return values instanceof Int32Array ? 'int32' : 'float32';
};
