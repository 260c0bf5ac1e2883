/** Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): clothes in the format of MNIST. */
import type { PublishedFiles } from '../platform/download.js';
import { inPlaceOfMnist } from './mnist.js';

const published: PublishedFiles = {
  name: 'fashion-mnist',
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  ],
  files: [
    {
      name: 'train-images-idx3-ubyte.gz',
      bytes: 26_421_880,
      sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      bytes: 29_515,
      sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    },
    {
      name: 't10k-images-idx3-ubyte.gz',
      bytes: 4_422_102,
      sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    },
    {
      name: 't10k-labels-idx1-ubyte.gz',
      bytes: 5_148,
      sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    },
  ],
};

const CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/**
 * Both parts of Fashion-MNIST, 60,000 and 10,000 images of 28×28 bytes, from the four files in a folder, or downloaded.
 * @throws LanewiseError kind 'data' for a file that is missing, damaged or inconsistent; kind 'network' if there is no
 * local copy and no mirror answers.
 */
export const fashionMnist = /* @__PURE__ */ inPlaceOfMnist('fashionMnist', published, CLASSES);
