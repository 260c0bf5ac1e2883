/** The builds for inference lie where the others do. */
export { compileBuild } from './kernels.js';
