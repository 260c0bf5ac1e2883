/** How images from outside become the samples that a model takes. */
import { LanewiseError } from '../errors.js';
import { decodePng, toSample } from '../formats/image.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Architecture } from '../layers/index.js';
import type { TrainedModel } from '../training/trained-model.js';

/** What becomes of an image that has other extents than a sample. */
export const fits = ['ink', 'crop', 'stretch'] as const;
export type Fit = (typeof fits)[number];

export interface SampleOptions {
  readonly fit?: Fit;
  readonly invert: 'auto' | 'yes' | 'no';
}

export interface SampleMaker {
  readonly shape: ImageShape;
  /** Of a sample. */
  readonly bytes: number;
  /** @throws LanewiseError kind 'file' or 'data' for what is no image, or a blank one. */
  make(bytes: Uint8Array, name: string): Promise<Uint8Array>;
}

type ImageShape = readonly [channels: number, height: number, width: number];

const INVERT = { auto: 'auto', yes: true, no: false } as const;

/**
 * Makes samples for a model; `file` is its name in messages.
 * @throws LanewiseError kind 'argument' for a model whose samples are no images of bytes.
 */
export function sampleMaker(
  trained: TrainedModel,
  file: string,
  { fit = usualFit(trained), invert }: SampleOptions,
): SampleMaker {
  const shape = imageShapeOf(trained, file);
  return {
    shape,
    bytes: sizeOf(shape),
    async make(bytes, name) {
      return toSample(decodePng(bytes, name), shape, { invert: INVERT[invert], name });
    },
  };
}

/** The samples a model was trained on; of files that do not say, those of MNIST, or what its input takes. */
function imageShapeOf({ model, samples }: TrainedModel, file: string): ImageShape {
  if (samples && samples.type !== 'uint8') {
    throw new LanewiseError(
      'argument',
      `'${file}' was trained on samples of ${samples.type}, whose scale an image does not know: expected bytes`,
      'model.predict in a program takes such samples',
    );
  }
  const shape = samples?.shape ?? inputShapeOf(model.architecture);
  if (shape.length === 3) return shape as unknown as ImageShape;
  throw new LanewiseError(
    'argument',
    `'${file}' takes samples of ${showShape(shape)}, which are no images (channels × height × width)`,
  );
}

function inputShapeOf({ inputs }: Architecture): Shape {
  const { shape } = Object.values(inputs)[0]!;
  // LeNet-5 frames the images of MNIST, on which it was trained by those who wrote such files.
  return showShape(shape) === '1×32×32' ? [1, 28, 28] : shape;
}

/** Classes that are single signs, `7` or `A`, are written ones, if they are seen without colour. */
function usualFit({ model, samples, classes }: TrainedModel): Fit {
  const [channels] = samples?.shape ?? inputShapeOf(model.architecture);
  const isInk = channels === 1 && (classes ?? []).every((name) => [...name].length === 1);
  return isInk ? 'ink' : 'crop';
}
