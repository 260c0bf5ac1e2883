/**
 * Dense nets. The default is the two-layer net of the lecture notes: 784 inputs, 100 sigmoid units, 10 linear outputs,
 * trained on the sum of squared errors against one-hot targets; 79,510 parameters. `hidden: [300, 100]` is the
 * three-layer net 28×28-300-100-10 of LeCun et al. 1998, §III.C.4; 266,610 parameters.
 */
import { checkOptions, extent, listOf, listOr, oneOrTwo } from '../base/check.js';
import { lookUp } from '../base/errors.js';
import {
  flatten,
  linear,
  relu,
  sequential,
  sigmoid,
  tanh,
  type Layer,
  type Model,
  type PerChannel,
} from '../layers/index.js';
import { SCALED } from './image-options.js';

const activations = { relu, sigmoid, tanh } as const;

/** Settings of `mlp`. */
export interface MlpOptions {
  /** Units of the hidden layer, or of each of them; default 100. */
  readonly hidden?: number | readonly number[];
  /** Activation after each hidden layer; default `sigmoid`. */
  readonly activation?: keyof typeof activations;
  /** Height and width of the images, or the one number that is both; default 28. */
  readonly size?: number | readonly [height: number, width: number];
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Mean and deviation of the images' values, from 0 to 1; default MNIST's. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
}

/** Images channels×height×width, scaled to mean 0 and deviation 1. */
export function mlp(options: MlpOptions = {}): Model {
  const {
    hidden = 100,
    activation = 'sigmoid',
    size = 28,
    channels = 1,
    classes = 10,
    mean = 0.1307,
    deviation = 0.3081,
  } = checkOptions('mlp', options, {
    ...SCALED,
    hidden: listOr(extent, listOf(extent, 0)),
    activation: true,
    size: oneOrTwo(extent),
  });
  const act = lookUp('activation', activations, activation);
  const units = typeof hidden === 'number' ? [hidden] : hidden;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const inputs = channels * height * width;
  const layers: Record<string, Layer> = { flat: flatten() };
  units.forEach((count, i) => {
    const which = units.length === 1 ? '' : i + 1;
    layers[`hidden${which}`] = linear(units[i - 1] ?? inputs, count);
    layers[`act${which}`] = act();
  });
  layers['output'] = linear(units.at(-1) ?? inputs, classes);
  return sequential(layers, { input: [channels, height, width], mean, deviation });
}
