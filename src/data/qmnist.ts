/**
 * QMNIST (Yadav & Bottou 2019): the 60,000 training digits of MNIST and 60,000 test digits, of which MNIST has 10,000, in
 * MNIST's format with labels of eight numbers each.
 */
import { checkOptions } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { decodeIdxLabels } from '../formats/idx.js';
import { gunzip } from '../formats/gzip.js';
import { isFile, readNamedFile } from '#platform/files';
import type { Dataset } from './dataset.js';
import { findIdx, labelledImages } from './idx-set.js';
import { DOWNLOAD, type MnistOptions, type TrainAndTest } from './mnist.js';

const CLASSES = [...'0123456789'];
const HINT =
  'name the folder that holds qmnist-train-images-idx3-ubyte.gz, qmnist-train-labels-idx2-int.gz and those of test, from github.com/facebookresearch/qmnist';
/** Bound on the unpacked labels. */
const MAX_BYTES = 2 ** 26;

/**
 * Both parts of QMNIST, images of 28×28 bytes, from a folder with its four files, compressed or not. The class is the
 * first of a label's eight numbers. There is no download: its publisher gives no SHA-256.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'argument' without a folder.
 */
export async function qmnist(options: MnistOptions = {}): Promise<TrainAndTest> {
  const { directory } = checkOptions('qmnist', options, DOWNLOAD);
  if (directory === undefined)
    throw new LanewiseError(
      'argument',
      'qmnist is not downloaded, expected the `directory` with its files',
      HINT,
    );
  return { train: await part(directory, 'train'), test: await part(directory, 'test') };
}

async function part(folder: string, which: 'train' | 'test'): Promise<Dataset> {
  const images = await findIdx(folder, `qmnist-${which}-images-idx3-ubyte.gz`, HINT);
  const labels = await findLabels(folder, `qmnist-${which}-labels-idx2-int`);
  return labelledImages(`qmnist ${which}`, images, labels, { classes: CLASSES, extents: [28, 28] });
}

async function findLabels(folder: string, name: string) {
  for (const path of [`${folder}/${name}.gz`, `${folder}/${name}`]) {
    if (!(await isFile(path))) continue;
    const bytes = await gunzip(await readNamedFile('IDX', path), path, MAX_BYTES);
    return { path, ...decodeIdxLabels(bytes, path) };
  }
  throw new LanewiseError('data', `no '${name}' (or '${name}.gz') in '${folder}'`, HINT);
}
