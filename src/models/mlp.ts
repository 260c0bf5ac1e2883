/**
 * The two-layer net of the lecture notes: 784 inputs, 100 sigmoid units, 10 linear outputs, trained on
 * the sum of squared errors against one-hot targets.
 */
import { flatten, linear, sequential, sigmoid, type Model } from '../layers/index.js';

/** Images 1×28×28, scaled to MNIST's mean 0 and deviation 1. */
export const mlp = ({
  hidden = 100,
  classes = 10,
}: { readonly hidden?: number; readonly classes?: number } = {}): Model =>
  sequential(
    {
      flat: flatten(),
      hidden: linear(784, hidden),
      act: sigmoid(),
      output: linear(hidden, classes),
    },
    { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 },
  );
