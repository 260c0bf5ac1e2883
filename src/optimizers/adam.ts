/** Adam (Kingma & Ba 2015, algorithm 1), with PyTorch's names and defaults. The formula stands above the kernel. */
import { checkNumber, type Optimizer } from './optimizer.js';

export interface AdamOptions {
  /** Default 0.001. */
  readonly lr?: number;
  /** β₁, β₂ in [0, 1); default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** ε; default 1e-8. */
  readonly eps?: number;
  /** Added to the gradient (not decoupled); default 0. */
  readonly weightDecay?: number;
}

/** baseⁿ by multiplication, since Math.pow differs between engines. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base; n > 0; n = Math.floor(n / 2), square *= square) {
    if (n % 2 === 1) result *= square;
  }
  return result;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function adam({
  lr = 0.001,
  betas: [beta1, beta2] = [0.9, 0.999],
  eps = 1e-8,
  weightDecay = 0,
}: AdamOptions = {}): Optimizer {
  checkNumber('learning rate', lr, 0);
  checkNumber('adam beta 1', beta1, 0, 1);
  checkNumber('adam beta 2', beta2, 0, 1);
  checkNumber('adam eps', eps, 0);
  checkNumber('weight decay', weightDecay, 0);
  return {
    kind: 'adam',
    settings: { lr, beta1, beta2, eps, weightDecay },
    learningRate: lr,
    stateArrays: 2,
    rates: (step, learningRate) => [
      learningRate / (1 - power(beta1, step + 1)),
      1 / Math.sqrt(1 - power(beta2, step + 1)),
    ],
    update: (k, { parameters, gradients, state, rates, count }) =>
      k.adam(
        parameters,
        gradients,
        state[0]!,
        state[1]!,
        count,
        rates,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        eps,
        weightDecay,
      ),
  };
}
