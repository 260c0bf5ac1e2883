/** Models of vectors from other programs, as the command line has its own models of rows. */
import { rebuild } from '../layers/index.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';

/** The names of their input and output. */
const [INPUT, OUTPUT] = ['input', 'output'];

/**
 * The model for rows of a table, whose samples are features × 1 × 1, if its only input is a vector and it has one output,
 * which are named `input` and `output`; any other model unchanged.
 */
export function takingRows(trained: TrainedModel): TrainedModel {
  const { model, terms, numerics, weights, classes } = trained;
  const { inputs, layers, outputs } = model.architecture;
  const [[name, input]] = Object.entries(inputs) as [[string, (typeof inputs)[string]]];
  const isVector =
    Object.keys(inputs).length === 1 &&
    input.shape.length === 1 &&
    input.vocabulary === undefined &&
    input.lengths === undefined;
  const ends = Object.values(outputs);
  const isTaken = layers.some((layer) => layer.name === INPUT);
  if (!isVector || isTaken || ends.length !== 1) return trained;
  const flat = `${name}_flat`;
  const from = layers.map((layer, i) => layer.inputs ?? [layers[i - 1]?.name ?? name]);
  const rows = rebuild({
    inputs: { [INPUT]: { ...input, shape: [...input.shape, 1, 1] } },
    layers: [
      { name: flat, kind: 'flatten', settings: {}, inputs: [INPUT] },
      ...layers.map((layer, i) => ({
        ...layer,
        inputs: from[i]!.map((one) => (one === name ? flat : one)),
      })),
    ],
    outputs: { [OUTPUT]: ends[0]! },
  });
  return createTrainedModel(
    rows,
    terms.map((term) => ({ ...term, output: OUTPUT })),
    numerics,
    weights,
    classes ? { classes } : {},
  );
}
