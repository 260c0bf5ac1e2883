/** Transforms of samples on their way into training and evaluation; see docs/augmentation.md. */
export { affine, randomAffine, type AffineOptions, type RandomAffineOptions } from './affine.js';
export { elastic, type ElasticOptions } from './elastic.js';
export type { Transform } from './transform.js';
