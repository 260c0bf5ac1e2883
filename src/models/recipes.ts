/** The models by the name the command line knows them under, each with its usual recipe. */
import { lookUp } from '../errors.js';
import type { Model } from '../layers/index.js';
import { mapCriterion, type Loss, type LossName } from '../losses/loss.js';
import { lenet1 } from './lenet1.js';
import { lenet5 } from './lenet5.js';
import { lenet5Original } from './lenet5-original.js';
import { mlp } from './mlp.js';
import { resnet20 } from './resnet20.js';
import { smallInception } from './small-inception.js';
import { smallSeNet } from './small-senet.js';

/** A model with the loss and the settings that train it well. */
export interface Recipe {
  readonly create: () => Model;
  readonly loss: LossName | Loss;
  readonly optimizer: 'sgd' | 'momentum' | 'adam';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly schedule: 'constant' | 'linear';
  readonly batch: number;
  readonly epochs: number;
}

/** What most recipes have in common. */
const usual = {
  loss: 'crossEntropy',
  optimizer: 'momentum',
  weightDecay: 0.0005,
  schedule: 'linear',
  batch: 64,
} as const;

export const recipes: Readonly<Record<string, Recipe>> = {
  lenet1: { ...usual, create: lenet1, learningRate: 0.1, epochs: 12 },
  lenet5: { ...usual, create: lenet5, learningRate: 0.1, epochs: 8 },
  'lenet5-1998': {
    ...usual,
    create: lenet5Original,
    loss: mapCriterion({ j: 10 }),
    learningRate: 0.002,
    weightDecay: 0,
    epochs: 12,
  },
  mlp: {
    ...usual,
    create: mlp,
    loss: 'squaredError',
    learningRate: 0.02,
    weightDecay: 0,
    epochs: 12,
  },
  mlp3: {
    ...usual,
    create: () => mlp({ hidden: [300, 100], activation: 'tanh' }),
    learningRate: 0.05,
    epochs: 12,
  },
  resnet20: {
    ...usual,
    create: () => resnet20({ channels: 1, size: 28, mean: 0.1307, deviation: 0.3081 }),
    learningRate: 0.1,
    epochs: 2,
  },
  inception: { ...usual, create: smallInception, learningRate: 0.1, epochs: 4 },
  senet: { ...usual, create: smallSeNet, learningRate: 0.1, epochs: 4 },
};

/** @throws LanewiseError kind 'argument' for an unknown name, with the nearest known one. */
export const recipeFor = (name: string): Recipe => lookUp('model', recipes, name);
