/** The builds for inference lie where the others do. */
export { compileBuild, instantiate } from './kernels.js';
