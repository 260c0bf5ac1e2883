/** Augmentation recipes by name, for the command line. */
import { randomAffine } from './affine.js';
import { colorJitter } from './jitter.js';
import { randomApply } from './choose.js';
import { randomCrop } from './crop.js';
import { elastic } from './elastic.js';
import { cutout } from './erase.js';
import { randomHorizontalFlip } from './flip.js';
import { gaussianNoise } from './noise.js';
import type { ImageShape, Transform } from './transform.js';

/** Makes transforms for samples of a shape. */
export type Recipe = (shape: ImageShape) => readonly Transform[];

const smallAffine = /* @__PURE__ */ randomAffine({
  degrees: 10,
  translate: [0.07, 0.07],
  scale: [0.9, 1.1],
  shear: 6,
});
/** The paper's displacement field for 29×29 pixels. */
const paperElastic = /* @__PURE__ */ elastic({ alpha: 34, sigma: 4 });

/** Lists of transforms by name, as the command line's `--augment` takes them. */
export const recipes: Readonly<Record<string, Recipe>> = {
  /**
   * For handwritten digits: small affine maps and elastic distortions, a little weaker than those of Simard et al.
   * 2003, for three samples in four: a net that sees no sample unchanged does worse on them.
   */
  digits: () => [randomApply([smallAffine, elastic({ alpha: 20, sigma: 4 })], 0.75)],
  affine: () => [smallAffine],
  elastic: () => [paperElastic],
  /** For small photographs, such as CIFAR's: shifts by an eighth and mirror images (He et al. 2015). */
  photos: ([, h, w]) => [
    randomCrop({ size: [h, w], padding: Math.ceil(Math.min(h, w) / 8) }),
    randomHorizontalFlip(),
  ],
  flip: () => [randomHorizontalFlip()],
  colors: () => [colorJitter({ brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.05 })],
  cutout: ([, h, w]) => [cutout({ size: Math.max(1, Math.floor(Math.min(h, w) / 2)) })],
  noise: () => [gaussianNoise(0.1)],
};
