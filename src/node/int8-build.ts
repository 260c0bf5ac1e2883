/** The loader of the builds on bytes, which are in the same folder as the others. */
export { compileBuild } from './kernels.js';
