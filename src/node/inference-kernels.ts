/** The loader of the inference builds, which are in the same folder as the others. */
export { compileBuild, instantiate } from './kernels.js';
