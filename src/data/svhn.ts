/** SVHN (Netzer et al. 2011): digits of house numbers, 73,257 images to train and 26,032 to test, of 3×32×32 bytes. */
import { checkOptions } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { fetchToCache } from '#platform/download';
import { isFile } from '#platform/files';
import type { PublishedFiles } from '../platform/download.js';
import type { Dataset } from './dataset.js';
import { matDataset } from './mat-set.js';
import { DOWNLOAD, type MnistOptions, type TrainAndTest } from './mnist.js';
import { showShape } from '../graph/tensor.js';

const published: PublishedFiles = {
  name: 'svhn',
  mirrors: ['http://ufldl.stanford.edu/housenumbers/'],
  files: [
    {
      name: 'train_32x32.mat',
      bytes: 182_040_794,
      sha256: '435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8',
    },
    {
      name: 'test_32x32.mat',
      bytes: 64_275_384,
      sha256: 'cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b',
    },
  ],
};

const CLASSES = [...'0123456789'];
/** The label of the digit 0. */
const ZERO = 10;

/**
 * Both parts of SVHN's cropped digits, from a folder with train_32x32.mat and test_32x32.mat, or downloaded. Label 10 is
 * the digit 0, and becomes class 0.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network' if there is no
 * local copy and its publisher does not answer.
 */
export async function svhn(options: MnistOptions = {}): Promise<TrainAndTest> {
  const { directory, onProgress } = checkOptions('svhn', options, DOWNLOAD);
  const folder = directory ?? (await fetchToCache(published, onProgress));
  return { train: await part(folder, 'train'), test: await part(folder, 'test') };
}

async function part(folder: string, which: 'train' | 'test'): Promise<Dataset> {
  const path = `${folder.replace(/\/$/, '')}/${which}_32x32.mat`;
  if (!(await isFile(path)))
    throw new LanewiseError(
      'data',
      `no '${which}_32x32.mat' in '${folder}'`,
      'name the folder that holds train_32x32.mat and test_32x32.mat',
    );
  const ten = CLASSES.map((_, i) => String(i + 1));
  const data = (await matDataset(path, { as: 'classes', classes: ten })) as Dataset;
  if (String(data.shape) !== '3,32,32')
    throw new LanewiseError(
      'data',
      `'${path}' holds images of ${showShape(data.shape)}, expected 3×32×32`,
    );
  const labels = Uint8Array.from(data.labels, (label) => (label + 1) % ZERO);
  return { ...data, name: `svhn ${which}`, classes: CLASSES, labels };
}
