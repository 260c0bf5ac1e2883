/** Data sets from NumPy's .npz archives of several named arrays. */
import { checkOptions, listOf, text, wholeFrom, refuse } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { decodeNpy, type NpyArray } from '../formats/npy.js';
import { readZip } from '../formats/zip.js';
import type { Dataset, TensorDataset } from './dataset.js';
import { NPY, datasetOf, type NpyDatasetOptions } from './npy-set.js';

/** Bound on an archive's unpacked size. */
const MAX_BYTES = 2 ** 31;

/** Options for reading the arrays of an archive. */
export interface NpzOptions {
  /** Names of the arrays to read; default all. */
  readonly names?: readonly string[];
  /** Bound on the bytes of all arrays; default 2 GiB. */
  readonly limitBytes?: number;
}

/**
 * The arrays of an .npz file, a path or bytes, by name.
 * @throws LanewiseError kind 'data' for an archive without arrays or, without `names`, with other files in it; for a
 * damaged file, one that unpacks to more than the bound, or an array that is missing; kind 'file' if it cannot be read.
 */
export async function readNpz(
  source: string | Uint8Array,
  options: NpzOptions = {},
): Promise<Map<string, NpyArray>> {
  const { names, limitBytes = MAX_BYTES } = checkOptions('readNpz', options, {
    names: listOf(text),
    limitBytes: wholeFrom(1),
  });
  if (typeof source !== 'string' && !(source instanceof Uint8Array))
    refuse('readNpz', 'source', source, 'a path or a Uint8Array');
  const file = typeof source === 'string' ? source : 'npz';
  const present: string[] = [];
  const others: string[] = [];
  const wanted = (path: string) => {
    if (!path.endsWith('.npy')) {
      others.push(path);
      return false;
    }
    const name = path.slice(0, -4);
    present.push(name);
    return !names || names.includes(name);
  };
  const files = await readZip(source, file, { wanted, limitBytes });
  if (present.length === 0) {
    const isPytorch = others.some((path) => path.endsWith('data.pkl'));
    const found = others.length > 0 ? others.slice(0, 3).join(', ') : 'nothing';
    throw new LanewiseError(
      'data',
      `'${file}' has no array: ${isPytorch ? 'it is a PyTorch file, with' : 'in it there is'} ${found}`,
      isPytorch ? "readPyTorch of 'lanewise/import' reads its tensors" : undefined,
    );
  }
  if (others.length > 0 && !names) {
    throw new LanewiseError(
      'data',
      `'${file}' has '${others[0]}' in it, which is not an array (.npy)`,
      `names: ${JSON.stringify(present)} reads the arrays alone`,
    );
  }
  const missing = names?.find((name) => !files.has(`${name}.npy`));
  if (missing !== undefined) {
    throw new LanewiseError(
      'data',
      `'${file}' has no array '${missing}', it has ${present.join(', ') || 'none'}`,
      nearest(missing, present),
    );
  }
  return new Map(
    [...files].map(([path, bytes]) => [path.slice(0, -4), decodeNpy(bytes, `${file}: ${path}`)]),
  );
}

/** As `npyDataset`, from arrays of one file; default those named `x` and `y`. */
export async function npzDataset(
  source: string | Uint8Array,
  options: NpyDatasetOptions & { readonly samples?: string; readonly targets?: string } = {},
): Promise<Dataset | TensorDataset> {
  checkOptions('npzDataset', options, { ...NPY, samples: text, targets: text });
  const { samples: x = 'x', targets: y = 'y', ...others } = options;
  const file = typeof source === 'string' ? source : 'npz';
  const read = await readNpz(source, { names: [x, y] });
  const named = (name: string) => ({ name: `${file}: ${name}`, ...read.get(name)! });
  return datasetOf(named(x), named(y), { name: file, ...others });
}
