/**
 * MNIST (LeCun, Cortes & Burges 1998): 60,000 training and 10,000 test digits of 28×28 bytes. It is read from the four
 * IDX files, plain or gzip, in a folder of the user's or in the cache.
 */
import { checkOptions, callable, text, type Checks } from '../base/check.js';
import { environment } from '#platform/system';
import type { Dataset } from './dataset.js';
import { fetchToCache } from '#platform/download';
import type { DownloadProgress, PublishedFiles, RemoteFile } from '../platform/download.js';
import { findIdx, labelledImages } from './idx-set.js';

export type { DownloadProgress };

/** The location of the files. */
export interface MnistOptions {
  /** Folder with the four files; else the environment's LANEWISE_DATA; else the cache, filled by download. */
  readonly directory?: string;
  /** Called with the bytes received of each file. */
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

const CLASSES = [...'0123456789'];

/** The training and the test part of a data set. */
export interface TrainAndTest {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** The options of all published data sets. */
export const DOWNLOAD: Checks<MnistOptions> = { directory: text, onProgress: callable };

/**
 * Both parts of MNIST.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network'
 * if there is no local copy and no mirror answers.
 */
export async function mnist(options: MnistOptions = {}): Promise<TrainAndTest> {
  const { directory = environment('LANEWISE_DATA'), onProgress } = checkOptions(
    'mnist',
    options,
    DOWNLOAD,
  );
  const folder =
    directory ??
    (await fetchToCache(
      {
        name: 'mnist',
        files: Object.values(files),
        mirrors: MIRRORS,
        alternative: ' as `directory` or in LANEWISE_DATA; or train on digits(), which are drawn',
      },
      onProgress,
    ));
  const hint = 'name the folder that holds the four MNIST files: `directory`, or LANEWISE_DATA';
  return readMnistParts('mnist', folder, CLASSES, hint);
}

/**
 * Makes the reader of a data set in MNIST's format: images of 28×28 bytes in four files of the same names, from a
 * folder, or downloaded.
 */
export const inPlaceOfMnist =
  (owner: string, published: PublishedFiles, classes: readonly string[]) =>
  async (options: MnistOptions = {}): Promise<TrainAndTest> => {
    const { directory, onProgress } = checkOptions(owner, options, DOWNLOAD);
    const folder = directory ?? (await fetchToCache(published, onProgress));
    const hint = 'name the folder that holds the four files';
    return readMnistParts(published.name, folder, classes, hint);
  };

/** Reads both parts from the four files. */
async function readMnistParts(
  name: string,
  folder: string,
  classes: readonly string[],
  hint: string,
): Promise<TrainAndTest> {
  const part = async (which: string, images: RemoteFile, labels: RemoteFile): Promise<Dataset> =>
    labelledImages(
      `${name} ${which}`,
      await findIdx(folder, images.name, hint),
      await findIdx(folder, labels.name, hint),
      { classes, extents: [28, 28] },
    );
  return {
    train: await part('train', files.trainImages, files.trainLabels),
    test: await part('test', files.testImages, files.testLabels),
  };
}
