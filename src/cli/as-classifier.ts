/** Models of other programs, whose files do not say what their outputs mean, taken for classifiers where they can be. */
import { describeTerms } from '../losses/terms.js';
import { featuresOf } from '../trained/fine-tuning.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { withWeights } from '../trained/with-weights.js';

/**
 * The model as a classifier, if its file does not say its loss and its only output is a list of scores: it is scored and trained by cross-entropy, which takes
 * logits, so that a softmax at its end is left out. Predictions are probabilities, as with the softmax.
 */
export function asClassifier(trained: TrainedModel): TrainedModel {
  const [scores, ...others] = trained.model.outputs.values();
  const isOpen = describeTerms(trained.terms)[0]?.kind === 'meanSquaredError';
  if (!isOpen || others.length > 0 || scores?.length !== 1 || scores[0]! < 2) return trained;
  const { model, weights } = withoutSoftmax(trained);
  const { classes, numerics } = trained;
  return withWeights(model, weights, {
    loss: 'crossEntropy',
    numerics,
    ...(classes ? { classes } : {}),
  });
}

function withoutSoftmax(trained: TrainedModel): Pick<TrainedModel, 'model' | 'weights'> {
  const { layers, outputs } = trained.model.architecture;
  const [end] = Object.values(outputs);
  const at = layers.findIndex(({ name }) => name === end);
  const before = layers[at]?.inputs?.[0] ?? layers[at - 1]?.name;
  const isCut = layers[at]?.kind === 'softmax' && layers.some(({ name }) => name === before);
  return isCut ? featuresOf(trained, before!) : trained;
}
