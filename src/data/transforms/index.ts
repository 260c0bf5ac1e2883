/** The public transforms of samples for training and evaluation; see docs/augmentation.md. */
export { affine, randomAffine, type AffineOptions, type RandomAffineOptions } from './affine.js';
export { shapeAfter } from './chain.js';
export { oneOf, randomApply } from './choose.js';
export {
  grayscale,
  invert,
  normalize,
  randomIntensity,
  type NormalizeOptions,
  type RandomIntensityOptions,
} from './color.js';
export {
  centerCrop,
  cropAt,
  randomCrop,
  type CropAtOptions,
  type RandomCropOptions,
} from './crop.js';
export { elastic, type ElasticOptions } from './elastic.js';
export { cutout, randomErasing, type CutoutOptions, type RandomErasingOptions } from './erase.js';
export { randomHorizontalFlip, randomVerticalFlip } from './flip.js';
export { colorJitter, type ColorJitterOptions } from './jitter.js';
export { colourAxes, pcaLighting, type ColourAxes, type PcaLightingOptions } from './lighting.js';
export { gaussianNoise } from './noise.js';
export {
  randomResizedCrop,
  resize,
  type RandomResizedCropOptions,
  type ResizeOptions,
} from './resize-images.js';
export { recipes, type Recipe } from './transform-recipes.js';
export type { Transform } from './transform.js';
export { fiveCrop, multiCrop, tenCrop, type MultiCropOptions, type Views } from './views.js';
