/**
 * Every update rule by name with a usual learning rate, for the command line. Importing this file loads the code of all
 * rules.
 */
import { usualRates } from './named.js';
import type { CommonOptions, Optimizer } from './optimizer.js';
import * as rules from './rules.js';

/** What every rule takes. */
type UsualOptions = Required<Pick<CommonOptions, 'lr' | 'weightDecay'>> &
  Pick<CommonOptions, 'groups'>;

/** A rule that is made from a rate and a decay. */
interface UsualRule {
  readonly make: (options: UsualOptions) => Optimizer;
  /** A learning rate that suits the rule where no recipe has one. */
  readonly rate: number;
}

const { momentum, sgd, ...others } = rules;

// PyTorch's default of 0.01 for rmsprop is ten times too large for nets on images.
const rates: Readonly<Record<string, number>> = { ...usualRates, rmsprop: 0.001 };

/** The best-known rules first; one without a rate here has its default. */
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
