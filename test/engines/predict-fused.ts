/** Predicts with a model whose file says `fused`, on the engine that runs this. */
import { sizeOf } from '../../src/graph/tensor.js';
import { lossTerms } from '../../src/losses/terms.js';
import { lenet5 } from '../../src/models/index.js';
import { createTrainedModel } from '../../src/trained/trained-model.js';
import { numbers } from '../support/numbers.js';

const model = lenet5();
const weights = model.parameters.map(
  ({ name, shape }, i) => [name, numbers(sizeOf(shape), i)] as const,
);
const trained = createTrainedModel(
  model,
  lossTerms('crossEntropy', ['output']),
  'fused',
  new Map(weights),
);
const { classes } = await trained.predict(new Uint8Array(784 * 2), [1, 28, 28]);
console.log(`predicted ${classes.length} classes`);
