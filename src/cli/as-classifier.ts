/** Models of other programs, whose files do not say what their outputs mean, taken for classifiers where they can be. */
import type { ModelRead } from './model-source.js';
import { describeTerms } from '../losses/terms.js';
import { featuresOf } from '../trained/fine-tuning.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { withWeights } from '../trained/with-weights.js';

type Read = Pick<ModelRead, 'trained' | 'warnings'>;

/**
 * The model as a classifier, if its file does not say its loss and its only output is a list of scores: it is scored and
 * trained by cross-entropy, which takes logits, so that a softmax at its end is left out. Predictions are probabilities, as
 * with the softmax.
 */
export async function asClassifier({ trained, warnings }: Read): Promise<Read> {
  const [[name, scores] = [], ...others] = trained.model.outputs;
  const isOpen = describeTerms(trained.terms)[0]?.kind === 'meanSquaredError';
  if (name === undefined || !isOpen || others.length > 0 || scores?.length !== 1 || scores[0]! < 2)
    return { trained, warnings };
  const before = beforeSoftmax(trained);
  const { model, weights } = before === undefined ? trained : featuresOf(trained, before);
  const { classes, numerics } = trained;
  const loss = 'crossEntropy';
  const { adviceOn } = await import('../onnx/warnings.js');
  return {
    trained: withWeights(model, weights, { loss, numerics, ...(classes ? { classes } : {}) }),
    warnings:
      before === undefined
        ? warnings
        : [
            ...warnings.filter((one) => !one.startsWith(adviceOn(name, 'softmax'))),
            'the softmax at the end is left out, as cross-entropy takes logits; predictions are probabilities as before',
          ],
  };
}

/** The layer whose values a softmax at the end takes, if there is one. */
function beforeSoftmax({ model: { architecture } }: TrainedModel): string | undefined {
  const { layers, outputs } = architecture;
  const at = layers.findIndex(({ name }) => name === Object.values(outputs)[0]);
  const before = layers[at]?.inputs?.[0] ?? layers[at - 1]?.name;
  const isLayer = layers.some(({ name }) => name === before);
  return layers[at]?.kind === 'softmax' && isLayer ? before : undefined;
}
