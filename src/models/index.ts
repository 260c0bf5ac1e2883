/** The models by the name the command line knows them under, each with its usual recipe. */
import { lookUp } from '../errors.js';
import type { Model } from '../layers/index.js';
import type { LossName } from '../losses/loss.js';
import { charLstm, charRnn } from './char-rnn.js';
import { gpt } from './gpt.js';
import { lenet5 } from './lenet5.js';
import { mlp } from './mlp.js';
import { resnet20 } from './resnet20.js';

export { charLstm, charRnn, gpt, lenet5, mlp, resnet20 };
export { type CharRnnOptions } from './char-rnn.js';
export { type GptOptions } from './gpt.js';

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
