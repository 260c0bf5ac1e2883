/** CIFAR-10 and CIFAR-100 (Krizhevsky 2009): photographs of 32×32 pixels, 50,000 to train and 10,000 to test. */
import { checkOptions } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { CIFAR_SHAPE, decodeCifar } from '../formats/cifar.js';
import { gunzip } from '../formats/gzip.js';
import { isFile, readNamedFile } from '#platform/files';
import { readTar } from '../formats/tar.js';
import { cifar10Classes, cifar100Classes, cifar100Superclasses } from './cifar-classes.js';
import type { Dataset } from './dataset.js';
import { checkDataset } from './forms.js';
import { fetchToCache } from '#platform/download';
import type { PublishedFiles, RemoteFile } from '../platform/download.js';
import { DOWNLOAD, type MnistOptions, type TrainAndTest } from './mnist.js';

interface Published {
  readonly name: string;
  readonly archive: RemoteFile;
  /** The archive's folder, and the files in it. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Number of labels before each image. */
  readonly labelBytes: number;
  /** Files and folders of the form for Python, which are pickles. */
  readonly pickles: readonly string[];
}

const tenClasses: Published = {
  name: 'cifar10',
  archive: {
    name: 'cifar-10-binary.tar.gz',
    bytes: 170_052_171,
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
  folder: 'cifar-10-batches-bin',
  // Written out: a call would be kept in every page.
  train: [
    'data_batch_1.bin',
    'data_batch_2.bin',
    'data_batch_3.bin',
    'data_batch_4.bin',
    'data_batch_5.bin',
  ],
  test: ['test_batch.bin'],
  labelBytes: 1,
  pickles: ['data_batch_1', 'cifar-10-batches-py/data_batch_1', 'cifar-10-python.tar.gz'],
};

const hundredClasses: Published = {
  name: 'cifar100',
  archive: {
    name: 'cifar-100-binary.tar.gz',
    bytes: 168_513_733,
    sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  },
  folder: 'cifar-100-binary',
  train: ['train.bin'],
  test: ['test.bin'],
  labelBytes: 2,
  pickles: ['train', 'cifar-100-python/train', 'cifar-100-python.tar.gz'],
};

/** Bound on the unpacked archive: 60,000 images and the headers, with room to spare. */
const MAX_BYTES = 2 ** 28;

/**
 * Both parts of CIFAR-10, images of 3×32×32 bytes, from a folder with the archive or its files, or downloaded.
 * @throws LanewiseError kind 'data' for a file that is missing or damaged; kind 'network' if there is no local copy and
 * the publisher does not answer.
 */
export async function cifar10(options: MnistOptions = {}): Promise<TrainAndTest> {
  checkOptions('cifar10', options, DOWNLOAD);
  return readParts(tenClasses, options, 0, cifar10Classes);
}

/** As `cifar10`, with the hundred `fine` classes (default) or the twenty `coarse` ones they belong to. */
export async function cifar100(
  given: MnistOptions & { readonly labels?: 'fine' | 'coarse' } = {},
): Promise<TrainAndTest> {
  checkOptions('cifar100', given, { ...DOWNLOAD, labels: true });
  const { labels = 'fine', ...options } = given;
  if (labels === 'coarse') return readParts(hundredClasses, options, 0, cifar100Superclasses);
  if (labels === 'fine') return readParts(hundredClasses, options, 1, cifar100Classes);
  throw new LanewiseError('argument', `labels are ${show(labels)}, expected 'fine' or 'coarse'`);
}

async function readParts(
  published: Published,
  { directory, onProgress }: MnistOptions,
  which: number,
  classes: readonly string[],
): Promise<TrainAndTest> {
  const { name, labelBytes, train, test } = published;
  const folder = directory ?? (await fetchToCache(remote(published), onProgress));
  const files = await openFolder(folder, published);
  const part = async (part: string, names: readonly string[]): Promise<Dataset> => {
    const contents: (readonly [string, Uint8Array])[] = [];
    for (const file of names) contents.push(await files(file));
    const images = decodeCifar(contents, labelBytes, which, classes.length);
    return checkDataset({ name: `${name} ${part}`, shape: CIFAR_SHAPE, classes, ...images });
  };
  return { train: await part('train', train), test: await part('test', test) };
}

const remote = ({ name, archive }: Published): PublishedFiles => ({
  name,
  files: [archive],
  mirrors: ['https://www.cs.toronto.edu/~kriz/'],
});

type ReadFile = (name: string) => Promise<readonly [path: string, bytes: Uint8Array]>;

/** Reads files that lie in the folder, in the archive's folder in it, or in the archive. */
async function openFolder(
  directory: string,
  { folder, archive, train, pickles }: Published,
): Promise<ReadFile> {
  for (const place of [directory, `${directory}/${folder}`]) {
    if (!(await isFile(`${place}/${train[0]!}`))) continue;
    return async (name) => [`${place}/${name}`, await readNamedFile('CIFAR', `${place}/${name}`)];
  }
  const path = `${directory}/${archive.name}`;
  if (!(await isFile(path))) {
    for (const name of pickles)
      if (await isFile(`${directory}/${name}`))
        throw new LanewiseError(
          'data',
          `'${directory}/${name}' is the form for Python, pickles, which can hold programs and are not read`,
          `the binary form has the same images: https://www.cs.toronto.edu/~kriz/${archive.name}`,
        );
    throw new LanewiseError(
      'data',
      `no '${train[0]}' (or '${archive.name}') in '${directory}'`,
      'name the folder that holds the archive or the files in it',
    );
  }
  const bytes = await gunzip(await readNamedFile('CIFAR', path), path, MAX_BYTES);
  const files = readTar(bytes, path);
  return async (name) => {
    const file = files.get(`${folder}/${name}`);
    if (file) return [`${path}: ${name}`, file];
    throw new LanewiseError('data', `'${path}' has no '${folder}/${name}'`);
  };
}
