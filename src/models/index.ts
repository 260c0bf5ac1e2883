/** The models by the name the command line knows them under, each with its usual recipe. */
import { lookUp } from '../errors.js';
import type { Model } from '../layers/index.js';
import type { LossName } from '../losses/loss.js';
import { lenet5 } from './lenet5.js';
import { mlp } from './mlp.js';

export { alexNet } from './alexnet.js';
export { googLeNet, googLeNetLoss, type GoogLeNetOptions } from './googlenet.js';
export { type ImageNetOptions } from './image-options.js';
export { networkInNetwork, type NetworkInNetworkOptions } from './network-in-network.js';
export { resNet18, resNet34, resNet50, resNet101, resNet152 } from './resnet.js';
export { resnet20, type ResNetOptions } from './resnet20.js';
export { seResNet, type SeResNetOptions } from './se-resnet.js';
export { vgg11, vgg13, vgg16, vgg19, type VggOptions } from './vgg.js';
export { zfNet } from './zfnet.js';
export { lenet5, mlp };

/** A model with the loss and the settings that train it well. */
export interface Recipe {
  readonly create: () => Model;
  readonly loss: LossName;
  readonly optimizer: 'sgd' | 'momentum' | 'adam';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'linear';
  readonly batch: number;
  readonly epochs: number;
}

export const recipes: Readonly<Record<string, Recipe>> = {
  lenet5: {
    create: lenet5,
    loss: 'crossEntropy',
    optimizer: 'momentum',
    learningRate: 0.1,
    weightDecay: 0.0005,
    schedule: 'linear',
    batch: 64,
    epochs: 8,
  },
  mlp: {
    create: mlp,
    loss: 'squaredError',
    optimizer: 'momentum',
    learningRate: 0.02,
    weightDecay: 0,
    schedule: 'linear',
    batch: 64,
    epochs: 12,
  },
};

/** @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one. */
export const recipeFor = (name: string): Recipe => lookUp('model', recipes, name);
