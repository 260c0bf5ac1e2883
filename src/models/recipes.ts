/** The models by their names on the command line, each with its usual recipe. */
import { LanewiseError, lookUp } from '../base/errors.js';
import type { Model, PerChannel } from '../layers/index.js';
import { mapCriterion } from '../losses/loss-kinds.js';
import type { LossFunction } from '../losses/function.js';
import type { LossSetting } from '../losses/terms.js';
import { lenet1 } from './lenet1.js';
import { lenet5 } from './lenet5.js';
import { lenet5Original } from './lenet5-original.js';
import { mlp } from './mlp.js';
import { resnet20 } from './resnet20.js';
import { smallInception } from './small-inception.js';
import { smallSeNet } from './small-senet.js';
import { seriesRecipes } from './series-recipes.js';
import { smallVgg } from './small-vgg.js';
import { denseRows, tableRecipes } from './table-recipes.js';
import { CLASSIFIER, classifierRecipe, textRecipes } from './text-recipes.js';
import { zooRecipes } from './zoo-recipes.js';

/** A data set's requirements of a model. */
export interface ImageSettings {
  /** The shape of one sample. */
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: number;
  /** Mean and deviation of the samples' values, bytes as 0 to 1; default those of the model's digits. */
  readonly mean?: PerChannel;
  readonly deviation?: PerChannel;
  /** Height and width that the model takes, where it takes any: default the samples'. */
  readonly size?: number;
  /** Factor on the model's channels, where it has one; default 1. */
  readonly width?: number;
  /** Edges of the bins in which a net for tables encodes each feature; default none. */
  readonly edges?: readonly (readonly number[])[];
}

/** Sizes of images. */
export interface Sized {
  /** Of images that are read from files, unless another is asked for. */
  readonly usual: number;
  readonly least: number;
  /** Those of the paper, and its number of classes. */
  readonly paper: { readonly size: number; readonly classes: number };
}

/** A model with the loss and settings that train it well. */
export interface Recipe {
  /**
   * Makes the model, by default for images of MNIST in ten classes.
   * @throws LanewiseError kind 'argument' if the model cannot take such images.
   */
  readonly create: (images?: ImageSettings) => Model;
  readonly loss: Exclude<LossSetting, LossFunction>;
  /** Figures of the first output that a run shows besides the loss. */
  readonly metrics?: readonly ('rmse' | 'r2' | 'coverage' | 'f1Micro')[];
  readonly optimizer: 'sgd' | 'momentum' | 'nesterov' | 'adam' | 'adamW';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'linear' | 'oneCycle' | 'cosine';
  /** Decay of an exponential moving average of the weights, which becomes the model. */
  readonly averageDecay?: number;
  readonly batch: number;
  readonly epochs: number;
  /** Whether the model has the weights that scored best on the validation part; default false. */
  readonly keepBest?: boolean;
  /** Sizes of the images of a net that takes any from a least one on, and whose width can be set. */
  readonly sized?: Sized;
  /** The settings for so many rows of numbers, if the model takes these. */
  readonly rows?: (samples: number) => Partial<Pick<Recipe, RowSetting>>;
  /** What to know of other programs' weights for it. */
  readonly weightsNote?: string;
  /** Whether the model takes `edges`. */
  readonly encodes?: boolean;
}

type RowSetting = 'learningRate' | 'weightDecay' | 'batch' | 'epochs';

/** Settings that most recipes share. */
const usual = {
  loss: 'crossEntropy',
  optimizer: 'momentum',
  weightDecay: 0.0005,
  schedule: 'linear',
  batch: 64,
} as const;

const digits: ImageSettings = { shape: [1, 28, 28], classes: 10 };

/** Options of nets for square images, in which other images are framed. */
const squareOf = ({ shape: [channels, height, width], ...others }: ImageSettings) => ({
  channels,
  size: Math.max(height, width),
  ...others,
});

/** Options of dense nets, which take images with any sides. */
const sidesOf = ({ shape: [channels, height, width], ...others }: ImageSettings) => ({
  channels,
  size: [height, width] as const,
  ...others,
});

/** Options of nets that frame images up to `size`. @throws LanewiseError kind 'argument' for larger ones. */
function framedIn(name: string, size: number, { shape, ...others }: ImageSettings) {
  const [channels, height, width] = shape;
  if (height <= size && width <= size) return { channels, ...others };
  throw new LanewiseError(
    'argument',
    `${name} takes images of at most ${size}×${size}, found ${shape.join('×')}`,
    'make them smaller, or take a model for any size: mlp, resnet20, inception, senet',
  );
}

/** LeNet-5 as printed, which knows only digits: its outputs are drawings of them. */
function lenet5Printed(images: ImageSettings = digits): Model {
  const { channels, classes } = framedIn('lenet5-1998', 32, images);
  if (channels === 1 && classes === 10) return lenet5Original();
  throw new LanewiseError(
    'argument',
    `lenet5-1998 takes images of 1 channel in 10 classes, found ${channels} in ${classes}`,
    'lenet5 takes others',
  );
}

export const recipes: Readonly<Record<string, Recipe>> = {
  lenet1: {
    ...usual,
    create: (images = digits) => lenet1(framedIn('lenet1', 28, images)),
    learningRate: 0.1,
    epochs: 12,
  },
  lenet5: {
    ...usual,
    create: (images = digits) => lenet5(framedIn('lenet5', 32, images)),
    learningRate: 0.1,
    epochs: 8,
  },
  'lenet5-1998': {
    ...usual,
    create: lenet5Printed,
    loss: mapCriterion({ j: 10 }),
    learningRate: 0.002,
    weightDecay: 0,
    epochs: 12,
  },
  mlp: {
    ...usual,
    create: (images = digits) => mlp(sidesOf(images)),
    loss: 'squaredError',
    learningRate: 0.02,
    weightDecay: 0,
    epochs: 12,
    rows: denseRows(0.001),
  },
  mlp300: {
    ...usual,
    create: (images = digits) => mlp({ ...sidesOf(images), hidden: 300 }),
    learningRate: 0.05,
    weightDecay: 0,
    epochs: 12,
    rows: denseRows(0.01),
  },
  mlp3: {
    ...usual,
    create: (images = digits) =>
      mlp({ hidden: [300, 100], activation: 'tanh', ...sidesOf(images) }),
    learningRate: 0.05,
    epochs: 12,
    rows: denseRows(0.01),
  },
  resnet20: {
    ...usual,
    create: (images = digits) => resnet20({ mean: 0.1307, deviation: 0.3081, ...squareOf(images) }),
    learningRate: 0.1,
    epochs: 2,
  },
  inception: {
    ...usual,
    create: (images = digits) => smallInception(squareOf(images)),
    learningRate: 0.1,
    epochs: 4,
  },
  senet: {
    ...usual,
    create: (images = digits) => smallSeNet(squareOf(images)),
    learningRate: 0.1,
    epochs: 4,
  },
  vgg: {
    ...usual,
    create: (images = digits) => smallVgg(squareOf(images)),
    optimizer: 'nesterov',
    learningRate: 0.05,
    schedule: 'oneCycle',
    averageDecay: 0.998,
    epochs: 15,
  },
};

/**
 * A recipe for `samples` rows of numbers, as tables have.
 * @throws LanewiseError kind 'argument' for a net that takes only images.
 */
export function recipeForRows(name: string, samples: number): Recipe {
  const recipe = recipeFor(name);
  if (!recipe.rows) {
    const all = allRecipes();
    const others = Object.keys(all).filter((one) => all[one]!.rows);
    throw new LanewiseError(
      'argument',
      `${name} takes ${isOfSeries(name) ? 'series' : 'images'}, and the data holds rows of numbers`,
      `${others.join(', ')} take rows${isOfSeries(name) ? '; for forecasts name the column of times (time)' : ''}`,
    );
  }
  return { ...recipe, ...recipe.rows(samples) };
}

const isOfSeries = (name: string): boolean => Object.hasOwn(seriesRecipes, name);

/** All models, the small ones first. A function, as any of the modules may be loaded first. */
export const allRecipes = (): Readonly<Record<string, Recipe>> => ({
  ...recipes,
  ...tableRecipes,
  ...zooRecipes,
  ...textRecipes,
  [CLASSIFIER]: classifierRecipe,
  ...seriesRecipes,
});

/** @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one. */
export const recipeFor = (name: string): Recipe => lookUp('model', allRecipes(), name);
