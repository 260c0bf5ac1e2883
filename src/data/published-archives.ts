/** The published data sets in archives, which need a file system; elsewhere web/absent.ts takes its place. */
export { emnist } from './emnist.js';
export { stl10 } from './stl10.js';
export { svhn } from './svhn.js';
