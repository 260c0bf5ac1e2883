/**
 * EMNIST (Cohen, Afshar, Tapson & van Schaik 2017): handwritten letters and digits in the format of MNIST, in six
 * splits. The files hold images with rows and columns exchanged, and letters count from 1; both are corrected.
 */
import { checkOptions } from '../base/check.js';
import { join } from 'node:path';
import { isFile } from '#platform/files';
import { lookUp } from '../base/errors.js';
import { readZip } from '../formats/zip.js';
import type { Dataset } from './dataset.js';
import { fetchToCache } from '#platform/download';
import type { PublishedFiles } from '../platform/download.js';
import { decodeNamed, findIdx, labelledImages, type NamedIdx } from './idx-set.js';
import { DOWNLOAD, type MnistOptions, type TrainAndTest } from './mnist.js';

const ARCHIVE = 'gzip.zip';

const published: PublishedFiles = {
  name: 'emnist',
  mirrors: [
    'https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/',
    'https://biometrics.nist.gov/cs_links/EMNIST/',
  ],
  files: [
    {
      name: ARCHIVE,
      bytes: 561_753_746,
      sha256: 'fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e',
    },
  ],
};

const digits = [...'0123456789'];
const capitals = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const letters = [...'abcdefghijklmnopqrstuvwxyz'];
/** Small letters that do not look like their capitals. */
const distinct = [...'abdefghnqrt'];

const splits = {
  byclass: { classes: [...digits, ...capitals, ...letters], firstLabel: 0 },
  bymerge: { classes: [...digits, ...capitals, ...distinct], firstLabel: 0 },
  balanced: { classes: [...digits, ...capitals, ...distinct], firstLabel: 0 },
  letters: { classes: letters, firstLabel: 1 },
  digits: { classes: digits, firstLabel: 0 },
  mnist: { classes: digits, firstLabel: 0 },
} as const;

/** The parts of EMNIST: which characters, and how many of each. */
export type EmnistSplit = keyof typeof splits;

/** Bound on the unpacked size of one of the archive's files. */
const MAX_BYTES = 2 ** 30;

/**
 * Both parts of a split (default `balanced`), images of 28×28 bytes, from a folder with gzip.zip or its files, or
 * downloaded.
 * @throws LanewiseError kind 'argument' for an unknown split; kind 'data' for a file that is missing, damaged or
 * inconsistent; kind 'network' if there is no local copy and no mirror answers.
 */
export async function emnist(
  options: MnistOptions & { readonly split?: EmnistSplit } = {},
): Promise<TrainAndTest> {
  checkOptions('emnist', options, { ...DOWNLOAD, split: true });
  const { split = 'balanced', directory, onProgress } = options;
  const { classes, firstLabel } = lookUp('EMNIST split', splits, split);
  const folder = directory ?? (await fetchToCache(published, onProgress));
  const read = (await isFile(join(folder, ARCHIVE)))
    ? await fromArchive(join(folder, ARCHIVE), split)
    : (name: string) =>
        findIdx(folder, name, `name the folder that holds ${ARCHIVE} or the files in it`);
  const part = async (which: 'train' | 'test'): Promise<Dataset> => {
    const images = await read(`emnist-${split}-${which}-images-idx3-ubyte.gz`);
    const labels = await read(`emnist-${split}-${which}-labels-idx1-ubyte.gz`);
    const options = { classes, firstLabel, extents: [28, 28] } as const;
    const data = labelledImages(`emnist ${split} ${which}`, images, labels, options);
    return { ...data, samples: transposed(images.data, 28) };
  };
  return { train: await part('train'), test: await part('test') };
}

/** Reads a split's four files from the archive, which has them in a folder. */
async function fromArchive(
  path: string,
  split: string,
): Promise<(name: string) => Promise<NamedIdx>> {
  const isWanted = (file: string) => file.split('/').at(-1)!.startsWith(`emnist-${split}-t`);
  const wanted = (file: string) => isWanted(file) && file.endsWith('.gz');
  const found = [...(await readZip(path, path, { wanted, limitBytes: MAX_BYTES }))];
  return async (name) => {
    const [file, bytes] = found.find(([key]) => key.endsWith(name)) ?? [name, new Uint8Array()];
    return decodeNamed(bytes, `${path}: ${file}`);
  };
}

/** Exchanges rows and columns of images of `extent` × `extent`. */
function transposed(images: Uint8Array, extent: number): Uint8Array {
  const result = new Uint8Array(images.length);
  for (let first = 0; first < images.length; first += extent * extent) {
    for (let y = 0; y < extent; y++) {
      for (let x = 0; x < extent; x++)
        result[first + y * extent + x] = images[first + x * extent + y]!;
    }
  }
  return result;
}
