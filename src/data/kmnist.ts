/** Kuzushiji-MNIST (Clanuwat et al. 2018): cursive Japanese characters in the format of MNIST. */
import type { PublishedFiles } from '../platform/download.js';
import { inPlaceOfMnist } from './mnist.js';

const published: PublishedFiles = {
  name: 'kmnist',
  mirrors: ['http://codh.rois.ac.jp/kmnist/dataset/kmnist/'],
  files: [
    {
      name: 'train-images-idx3-ubyte.gz',
      bytes: 18_165_135,
      sha256: '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      bytes: 29_497,
      sha256: 'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17',
    },
    {
      name: 't10k-images-idx3-ubyte.gz',
      bytes: 3_041_136,
      sha256: 'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5',
    },
    {
      name: 't10k-labels-idx1-ubyte.gz',
      bytes: 5_120,
      sha256: '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c',
    },
  ],
};

/** お, き, す, つ, な, は, ま, や, れ and を, in Latin letters. */
const CLASSES = ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'];

/**
 * Both parts of Kuzushiji-MNIST, 60,000 and 10,000 images of 28×28 bytes, from the four files in a folder, or
 * downloaded.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network' if there is no
 * local copy and its publisher does not answer.
 */
export const kmnist = /* @__PURE__ */ inPlaceOfMnist('kmnist', published, CLASSES);
