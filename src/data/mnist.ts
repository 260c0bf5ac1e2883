/**
 * MNIST (LeCun, Cortes & Burges 1998): 60,000 training and 10,000 test digits of 28×28 bytes, read from
 * the four IDX files, plain or gzip, in a folder of the user's or in the cache.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../errors.js';
import { gunzip } from '../formats/gzip.js';
import { decodeIdx, type IdxArray } from '../formats/idx.js';
import { showShape } from '../graph/tensor.js';
import { checkDataset, type Dataset } from './dataset.js';
import { cacheFolder, fetchVerified, type DownloadProgress, type RemoteFile } from './download.js';

export type { DownloadProgress };

export interface MnistOptions {
  /** Folder with the four files; else the environment's LANEWISE_DATA; else the cache, filled by download. */
  readonly directory?: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const MIRRORS = [
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
];

/** The original files: sizes and SHA-256 of the gzip archives. */
const files = {
  trainImages: {
    name: 'train-images-idx3-ubyte.gz',
    bytes: 9_912_422,
    sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte.gz',
    bytes: 28_881,
    sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte.gz',
    bytes: 1_648_877,
    sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte.gz',
    bytes: 4_542,
    sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
  },
} as const satisfies Record<string, RemoteFile>;

/** 60,000 images of 784 bytes and a header, with room to spare. */
const LIMIT_BYTES = 64 * 2 ** 20;
const CLASSES = [...'0123456789'];

/**
 * Both parts of MNIST.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network'
 * if nothing is at hand and no mirror answers.
 */
export async function mnist({
  directory = process.env['LANEWISE_DATA'] || undefined,
  onProgress,
}: MnistOptions = {}): Promise<{
  readonly train: Dataset;
  readonly test: Dataset;
}> {
  const folder = directory ?? (await download(onProgress));
  return {
    train: await readPart('mnist train', folder, files.trainImages.name, files.trainLabels.name),
    test: await readPart('mnist test', folder, files.testImages.name, files.testLabels.name),
  };
}

async function download(onProgress: MnistOptions['onProgress']): Promise<string> {
  const folder = join(cacheFolder(), 'mnist');
  for (const file of Object.values(files)) {
    await fetchVerified({
      file,
      urls: MIRRORS.map((mirror) => mirror + file.name),
      path: join(folder, file.name),
      advice: `without a network: put ${Object.values(files)
        .map(({ name }) => name)
        .join(
          ', ',
        )} into a folder and name it with --data-dir or LANEWISE_DATA; or train on --data digits`,
      ...(onProgress ? { onProgress } : {}),
    });
  }
  return folder;
}

async function readPart(
  name: string,
  folder: string,
  imageFile: string,
  labelFile: string,
): Promise<Dataset> {
  const images = await readIdx(folder, imageFile);
  const labels = await readIdx(folder, labelFile);
  if (images.shape.length !== 3 || images.shape[1] !== 28 || images.shape[2] !== 28) {
    throw new LanewiseError(
      'data',
      `'${images.path}' holds ${showShape(images.shape)}, expected images of 28×28`,
    );
  }
  if (labels.shape.length !== 1) {
    throw new LanewiseError(
      'data',
      `'${labels.path}' holds ${showShape(labels.shape)}, expected a list of labels`,
    );
  }
  if (images.shape[0] !== labels.shape[0]) {
    throw new LanewiseError(
      'data',
      `'${images.path}' holds ${images.shape[0]} images, '${labels.path}' ${labels.shape[0]} labels`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= CLASSES.length);
  if (wrong >= 0) {
    throw new LanewiseError(
      'data',
      `'${labels.path}': label ${wrong} is ${labels.data[wrong]}, expected 0–9`,
    );
  }
  return checkDataset({
    name,
    shape: [1, 28, 28],
    classes: CLASSES,
    samples: images.data,
    labels: labels.data,
  });
}

/** Reads `train-images-idx3-ubyte.gz`, or the same without `.gz`, or with a dot before `idx3`. */
async function readIdx(
  folder: string,
  archive: string,
): Promise<IdxArray & { readonly path: string }> {
  const plain = archive.replace('.gz', '');
  const dotted = plain.replace('-idx', '.idx');
  for (const name of [archive, plain, `${dotted}.gz`, dotted]) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    const bytes = await readFile(path).catch((error: Error) => {
      throw new LanewiseError('data', `cannot read '${path}': ${error.message}`, undefined, {
        cause: error,
      });
    });
    return { ...decodeIdx(await gunzip(bytes, path, LIMIT_BYTES), path), path };
  }
  throw new LanewiseError(
    'data',
    `no '${plain}' (or '${archive}') in '${folder}'`,
    'name the folder that holds the four MNIST files with --data-dir or LANEWISE_DATA',
  );
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
