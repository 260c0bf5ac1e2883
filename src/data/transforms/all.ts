/** The registration of all kinds of transforms, for threads that receive them as data. */
import { affineKind, randomAffineKind } from './affine.js';
import { oneOfKind, randomApplyKind } from './choose.js';
import { grayscaleKind, invertKind, normalizeKind, randomIntensityKind } from './color.js';
import { centerCropKind, cornerCropKind, cropAtKind, randomCropKind, squareKind } from './crop.js';
import { elasticKind } from './elastic.js';
import { cutoutKind, randomErasingKind } from './erase.js';
import { horizontalFlipKind, verticalFlipKind } from './flip.js';
import { colorJitterKind } from './jitter.js';
import { pcaLightingKind } from './lighting.js';
import { know } from './make.js';
import { gaussianNoiseKind } from './noise.js';
import { randomResizedCropKind, resizeKindOf } from './resize-images.js';

/** Registers all kinds; called once, before the first transform. */
export function knowAllTransforms(): void {
  know('affine', affineKind);
  know('centerCrop', centerCropKind);
  know('colorJitter', colorJitterKind);
  know('cornerCrop', cornerCropKind);
  know('cropAt', cropAtKind);
  know('cutout', cutoutKind);
  know('elastic', elasticKind);
  know('gaussianNoise', gaussianNoiseKind);
  know('grayscale', grayscaleKind);
  know('invert', invertKind);
  know('normalize', normalizeKind);
  know('oneOf', oneOfKind);
  know('pcaLighting', pcaLightingKind);
  know('randomAffine', randomAffineKind);
  know('randomApply', randomApplyKind);
  know('randomCrop', randomCropKind);
  know('randomErasing', randomErasingKind);
  know('randomHorizontalFlip', horizontalFlipKind);
  know('randomIntensity', randomIntensityKind);
  know('randomResizedCrop', randomResizedCropKind);
  know('randomVerticalFlip', verticalFlipKind);
  know('resize', resizeKindOf);
  know('square', squareKind);
}
