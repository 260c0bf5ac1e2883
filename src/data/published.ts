/**
 * The published data sets, one line each. From here they become public, and names of the command line's `--data`
 * (`fashion-mnist`). Each takes `MnistOptions`, and has a row in docs/data.md.
 */
export { cifar10, cifar100 } from './cifar-sets.js';
export { fashionMnist } from './fashion-mnist.js';
export { kmnist } from './kmnist.js';
export { mnist } from './mnist.js';
export { qmnist } from './qmnist.js';
