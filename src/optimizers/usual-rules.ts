/**
 * Every update rule by its name, with a learning rate to begin with, for the command line: what imports this file has the
 * code of all of them.
 */
import { usualRates } from './named.js';
import type { CommonOptions, Optimizer } from './optimizer.js';
import * as rules from './rules.js';

/** A rule that others take a rate and a decay for. */
interface UsualRule {
  readonly make: (options: { readonly lr: number; readonly weightDecay: number }) => Optimizer;
  /** A learning rate that suits it where no recipe has one. */
  readonly rate: number;
}

const { momentum, sgd, ...others } = rules;

// PyTorch's default of 0.01 for rmsprop is ten times what suits nets of images.
const rates: Readonly<Record<string, number>> = { ...usualRates, rmsprop: 0.001 };

/** The rules that everybody knows first; of those without a rate here the default. */
export const usualRules: Readonly<Record<string, UsualRule>> = {
  sgd: { make: sgd, rate: usualRates.sgd },
  momentum: { make: momentum, rate: usualRates.momentum },
  nesterov: {
    make: (options) => momentum({ ...options, nesterov: true }),
    rate: usualRates.momentum,
  },
  ...Object.fromEntries(
    Object.entries(others).map(([name, rule]) => {
      const make = rule as (options: CommonOptions) => Optimizer;
      return [name, { make, rate: rates[name] ?? make({}).learningRate }];
    }),
  ),
};
