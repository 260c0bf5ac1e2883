/**
 * Recipes of the nets for photographs: their images may have any size from a least one on, and their layers any width.
 * Settings are those of the papers where these suit small data sets on few cores, and gentler where they do not.
 */
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { alexNet } from './alexnet.js';
import { googLeNet, googLeNetLoss } from './googlenet.js';
import type { ImageNetOptions } from './image-options.js';
import { networkInNetwork } from './network-in-network.js';
import type { ImageSettings, Recipe, Sized } from './recipes.js';
import { resNet101, resNet152, resNet18, resNet34, resNet50 } from './resnet.js';
import { vgg11, vgg13, vgg16, vgg19 } from './vgg.js';
import { zfNet } from './zfnet.js';

/** Settings that these recipes share. */
const usual = {
  loss: 'crossEntropy',
  optimizer: 'momentum',
  learningRate: 0.01,
  weightDecay: 0.0005,
  schedule: 'linear',
  batch: 32,
  epochs: 20,
} as const;

/** The size of images that are read from files, unless another is asked for. */
const SIZE = 64;

const IMAGENET = { size: 224, classes: 1000 };

const digits: ImageSettings = { shape: [1, 28, 28], classes: 10, mean: 0.1307, deviation: 0.3081 };

/** A recipe of a net that takes images of `least` and more pixels a side. */
function recipe(
  name: string,
  create: (options: ImageNetOptions) => Model,
  least: number,
  { paper = IMAGENET, ...more }: Partial<Recipe> & { readonly paper?: Sized['paper'] } = {},
): Recipe {
  return {
    ...usual,
    sized: { usual: Math.max(SIZE, least), least, paper },
    create: (images = digits) => create(optionsFor(name, least, images)),
    ...more,
  };
}

/** The net's options: the images' own size or the one asked for, and never less than the net needs. */
function optionsFor(name: string, least: number, images: ImageSettings): ImageNetOptions {
  const { shape, size: asked, ...others } = images;
  const [channels, height, width] = shape;
  const own = Math.max(height, width);
  const size = asked ?? Math.max(own, least);
  if (size >= own && size >= least) return { channels, size, ...others };
  throw new LanewiseError(
    'argument',
    `${name}: size is ${size}, expected at least ${Math.max(own, least)}${size < own ? ` for samples of ${shape.join('×')}` : ', with which something is left after its pooling'}`,
    size < own ? 'images of a folder are brought to a size, others are not' : undefined,
  );
}

/** Layers with batch normalisation bear a larger step. */
const normalized = { learningRate: 0.05 };

export const zooRecipes: Readonly<Record<string, Recipe>> = {
  resnet18: recipe('resnet18', resNet18, 1, normalized),
  resnet34: recipe('resnet34', resNet34, 1, normalized),
  resnet50: recipe('resnet50', resNet50, 1, normalized),
  resnet101: recipe('resnet101', resNet101, 1, normalized),
  resnet152: recipe('resnet152', resNet152, 1, normalized),
  vgg11: recipe('vgg11', vgg11, 32),
  vgg13: recipe('vgg13', vgg13, 32),
  vgg16: recipe('vgg16', vgg16, 32),
  vgg19: recipe('vgg19', vgg19, 32),
  alexnet: recipe('alexnet', alexNet, 67, { paper: { ...IMAGENET, size: 227 } }),
  'alexnet-2014': recipe(
    'alexnet-2014',
    (options) => alexNet({ ...options, definition: 'torchvision' }),
    63,
  ),
  zfnet: recipe('zfnet', zfNet, 63),
  googlenet: recipe('googlenet', googLeNet, 1, {
    loss: googLeNetLoss,
    weightsNote:
      'images are scaled as torchvision does without transform_input; its own pretrained GoogLeNet has it, and takes a program: googLeNet({ mean: 0.5, deviation: 0.5 })',
  }),
  nin: recipe('nin', networkInNetwork, 1, { paper: { size: 32, classes: 10 } }),
};
