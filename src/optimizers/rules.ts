/**
 * Every update rule by its name, with a learning rate to begin with, for the command line: what imports this file has the
 * code of all of them.
 */
import { lars } from './lars.js';
import { momentum } from './momentum.js';
import { optimizers } from './named.js';
import type { Optimizer } from './optimizer.js';
import { sgd } from './sgd.js';

/** A rule that others take a rate and a decay for. */
interface UsualRule {
  readonly make: (options: { readonly lr: number; readonly weightDecay: number }) => Optimizer;
  /** A learning rate that suits it where no recipe has one. */
  readonly rate: number;
}

/** Rules without a default rate, and those with one, from named.ts, which is theirs. */
export const rules: Readonly<Record<string, UsualRule>> = {
  sgd: { make: sgd, rate: 0.1 },
  momentum: { make: momentum, rate: 0.05 },
  nesterov: { make: (options) => momentum({ ...options, nesterov: true }), rate: 0.05 },
  lars: { make: lars, rate: 5 },
  ...Object.fromEntries(
    Object.entries(optimizers).map(([name, make]) => [name, { make, rate: make().learningRate }]),
  ),
  // PyTorch's default of 0.01 is ten times what suits nets of images.
  rmsprop: { make: optimizers.rmsprop, rate: 0.001 },
};
