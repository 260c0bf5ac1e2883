/** How bytes of images become the numbers that a model of another program was trained on. */
import { LanewiseError } from '../base/errors.js';
import type { PerChannel } from '../graph/input-scale.js';
import { showShape } from '../graph/tensor.js';
import { rebuild, type Architecture } from '../layers/index.js';
import { imageNetScale } from '../models/image-options.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';
import { choice } from './options.js';

/** Mean and deviation of values from 0 to 1, which bytes are. */
const SCALES = {
  unit: { mean: 0, deviation: 1 },
  imagenet: imageNetScale(3, {}),
  signed: { mean: 0.5, deviation: 0.5 },
  bytes: { mean: 0, deviation: 1 / 255 },
} satisfies Readonly<Record<string, { mean: PerChannel; deviation: PerChannel }>>;

export type ImageScale = keyof typeof SCALES;

export const scaleOption = () =>
  choice(
    '--scale <how>',
    'what an imported net expects of images: imagenet (torchvision’s mean and deviation of each channel), unit (0 to 1), signed (−1 to 1), bytes (0 to 255)',
    Object.keys(SCALES) as ImageScale[],
  );

/** The only input, if its samples are images, of one channel or three. */
export const imageInput = ({ inputs }: Architecture) => {
  const [first, ...others] = Object.entries(inputs);
  const [channels, ...sides] = first?.[1].shape ?? [];
  const isImage = others.length === 0 && sides.length === 2 && (channels === 1 || channels === 3);
  return isImage ? first : undefined;
};

/** Whether a model of images leaves open how they are scaled. */
export const leavesScaleOpen = ({ model: { architecture } }: TrainedModel): boolean => {
  const input = imageInput(architecture)?.[1];
  return input !== undefined && input.mean === 0 && input.deviation === 1;
};

/** The model with images scaled so. @throws LanewiseError kind 'argument' for a model of other samples. */
export function withScale(trained: TrainedModel, scale: ImageScale): TrainedModel {
  const { model, terms, numerics, weights, classes, samples } = trained;
  const { architecture } = model;
  const found = imageInput(architecture);
  const channels = found?.[1].shape[0];
  const isFit = found && (channels === 3 || scale !== 'imagenet');
  if (!isFit) {
    const shapes = Object.values(architecture.inputs).map(({ shape }) => showShape(shape));
    throw new LanewiseError(
      'argument',
      `--scale ${scale} is for images${scale === 'imagenet' ? ' of 3 channels' : ''}, and the model takes ${shapes.join(', ')}`,
      'leave --scale out',
    );
  }
  const [name, input] = found;
  const inputs = { [name]: { ...input, ...SCALES[scale] } };
  return createTrainedModel(rebuild({ ...architecture, inputs }), terms, numerics, weights, {
    ...(classes ? { classes } : {}),
    ...(samples ? { samples } : {}),
  });
}
