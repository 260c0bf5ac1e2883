/** STL-10 (Coates, Lee & Ng 2011): photographs of 96×96 pixels, 5,000 to train and 8,000 to test (Node). */
import { checkOptions } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { fetchToCache } from '#platform/download';
import { isFile, readNamedFile } from '#platform/files';
import { tarEntries } from '../formats/tar.js';
import { readOnward } from '../node/read-onward.js';
import type { PublishedFiles } from '../platform/download.js';
import type { Dataset } from './dataset.js';
import { checkDataset } from './forms.js';
import { DOWNLOAD, type MnistOptions, type TrainAndTest } from './mnist.js';

const ARCHIVE = 'stl10_binary.tar.gz';
const FOLDER = 'stl10_binary';

const published: PublishedFiles = {
  name: 'stl10',
  mirrors: ['http://ai.stanford.edu/~acoates/stl10/'],
  files: [
    {
      name: ARCHIVE,
      bytes: 2_640_397_119,
      sha256: 'f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866',
    },
  ],
};

/** In the order of class_names.txt. */
const CLASSES = [
  'airplane',
  'bird',
  'car',
  'cat',
  'deer',
  'dog',
  'horse',
  'monkey',
  'ship',
  'truck',
];
const EXTENT = 96;
const PLANE = EXTENT * EXTENT;
const IMAGE = 3 * PLANE;
/** Bound on a file that is read: the test images have 221 MB. */
const MAX_BYTES = 2 ** 29;
const FILES = ['train_X.bin', 'train_y.bin', 'test_X.bin', 'test_y.bin'];

/**
 * Both labelled parts of STL-10, images of 3×96×96 bytes, from a folder with the archive or its files, or downloaded
 * (2.6 GB, most of them unlabelled images, which are passed over).
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network' if there is no
 * local copy and its publisher does not answer.
 */
export async function stl10(options: MnistOptions = {}): Promise<TrainAndTest> {
  const { directory, onProgress } = checkOptions('stl10', options, DOWNLOAD);
  const folder = directory ?? (await fetchToCache(published, onProgress));
  const files = await filesIn(folder);
  return { train: part('train', files), test: part('test', files) };
}

type Files = ReadonlyMap<string, { readonly path: string; readonly bytes: Uint8Array }>;

/** The four files, which lie in the folder, in the archive's folder in it, or in the archive. */
async function filesIn(directory: string): Promise<Files> {
  const files = new Map<string, { path: string; bytes: Uint8Array }>();
  for (const place of [directory, `${directory}/${FOLDER}`]) {
    if (!(await isFile(`${place}/${FILES[0]}`))) continue;
    for (const name of FILES) {
      const path = `${place}/${name}`;
      files.set(name, { path, bytes: await readNamedFile('STL-10', path) });
    }
    return files;
  }
  const archive = `${directory}/${ARCHIVE}`;
  if (!(await isFile(archive)))
    throw new LanewiseError(
      'data',
      `no '${FILES[0]}' (or '${ARCHIVE}') in '${directory}'`,
      'name the folder that holds the archive or the files in it',
    );
  const stream = await readOnward(archive);
  try {
    for await (const { path, at, bytes } of tarEntries(stream)) {
      const name = FILES.find((one) => path === `${FOLDER}/${one}`);
      if (name === undefined) continue;
      if (bytes > MAX_BYTES)
        throw new LanewiseError('data', `'${archive}': ${path} in it has ${bytes} bytes`);
      files.set(name, { path: `${archive}: ${path}`, bytes: await stream.read(at, bytes) });
      if (files.size === FILES.length) return files;
    }
  } finally {
    await stream.close();
  }
  const missing = FILES.find((name) => !files.has(name));
  throw new LanewiseError('data', `'${archive}' has no '${FOLDER}/${missing}'`);
}

/** Labels from 1, and images whose columns lie one behind the other. */
function part(which: 'train' | 'test', files: Files): Dataset {
  const { path, bytes } = files.get(`${which}_X.bin`)!;
  const { path: other, bytes: written } = files.get(`${which}_y.bin`)!;
  if (bytes.length === 0 || bytes.length % IMAGE !== 0)
    throw new LanewiseError(
      'data',
      `'${path}' has ${bytes.length} bytes, expected a multiple of ${IMAGE}, one image each`,
    );
  if (written.length !== bytes.length / IMAGE)
    throw new LanewiseError(
      'data',
      `'${path}' holds ${bytes.length / IMAGE} images, '${other}' ${written.length} labels`,
    );
  const wrong = written.findIndex((label) => label < 1 || label > CLASSES.length);
  if (wrong >= 0)
    throw new LanewiseError(
      'data',
      `'${other}': label ${wrong} is ${written[wrong]}, expected 1–${CLASSES.length}`,
    );
  const samples = new Uint8Array(bytes.length);
  for (let first = 0; first < bytes.length; first += PLANE)
    for (let y = 0; y < EXTENT; y++)
      for (let x = 0; x < EXTENT; x++)
        samples[first + y * EXTENT + x] = bytes[first + x * EXTENT + y]!;
  return checkDataset({
    name: `stl10 ${which}`,
    shape: [3, EXTENT, EXTENT],
    classes: CLASSES,
    samples,
    labels: written.map((label) => label - 1),
  });
}
