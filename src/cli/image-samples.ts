/** The conversion of images to the samples that a model takes. */
import { LanewiseError } from '../base/errors.js';
import { decodeImage } from '../formats/image-codecs.js';
import { greyOfDrawing, toSample } from '../formats/image.js';
import { fits, toShape, type Fit, type ImageShape } from '../formats/resize.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';
import type { Architecture } from '../layers/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { quoted } from './terminal.js';

/** How images are brought to a shape: as image folders do it, or `ink`, as MNIST does it with handwriting. */
export type PredictionFit = Fit | 'ink';
export const predictionFits: readonly PredictionFit[] = ['ink', ...fits];

export interface SampleOptions {
  readonly fit?: PredictionFit;
  readonly invert: 'auto' | 'yes' | 'no';
}

export interface SampleMaker {
  readonly shape: Shape;
  /** The shape of a sample. */
  readonly bytes: number;
  /** @throws LanewiseError kind 'file' or 'data' for bytes that are not an image, and for a blank image. */
  make(bytes: Uint8Array, name: string): Promise<Uint8Array>;
}

const INVERT = { auto: 'auto', yes: true, no: false } as const;
/** Images of more pixels are refused, as in image folders. */
const MAX_PIXELS = 2 ** 25;

/**
 * Makes samples for a model; `file` is its name in messages.
 * @throws LanewiseError kind 'argument' for a model whose samples are not images of bytes.
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
      const image = await decodeImage(bytes, name, MAX_PIXELS);
      if (fit === 'ink') {
        return toSample(greyOfDrawing(image), shape, { invert: INVERT[invert], name });
      }
      const sample = new Uint8Array(sizeOf(shape));
      toShape(image, shape, fit, sample);
      return sample;
    },
  };
}

/** The samples a model was trained on; if its file does not say, those of MNIST, or what its input takes. */
function imageShapeOf({ model, samples, vocabulary }: TrainedModel, file: string): ImageShape {
  if (vocabulary)
    throw new LanewiseError(
      'argument',
      `'${file}' writes text, and predict classifies images, rows and texts`,
      `generate ${quoted(file)} continues a text, and eval scores one`,
    );
  if (samples && samples.type !== 'uint8') {
    throw new LanewiseError(
      'argument',
      `'${file}' was trained on samples of ${samples.type}, expected bytes, as images have`,
      'only a program knows how to make such samples from images: model.predict takes them',
    );
  }
  const shape = samples?.shape ?? inputShapeOf(model.architecture);
  const [channels] = shape;
  if (shape.length === 3 && (channels === 1 || channels === 3))
    return shape as unknown as ImageShape;
  throw new LanewiseError(
    'argument',
    `'${file}' takes samples of ${showShape(shape)}, expected images: 1 or 3 channels × height × width`,
  );
}

function inputShapeOf({ inputs }: Architecture): Shape {
  const { shape } = Object.values(inputs)[0]!;
  // LeNet-5 frames the images of MNIST, on which the models in such files were trained.
  return showShape(shape) === '1×32×32' ? [1, 28, 28] : shape;
}

/** The way of the data set; if unknown, classes that are single characters, `7` or `A`, mean handwriting. */
function usualFit({ model, samples, classes = [] }: TrainedModel): PredictionFit {
  if (samples?.fit) return samples.fit;
  const [channels] = samples?.shape ?? inputShapeOf(model.architecture);
  const isInk = channels === 1 && classes.every((name) => [...name].length === 1);
  return isInk ? 'ink' : 'crop';
}
