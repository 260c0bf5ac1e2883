/** Finds where a loss stops being finite: the first layer, parameter or input whose values are not. */
import { takeFirst } from '../data/chosen.js';
import type { Samples } from '../data/samples.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { LossTerm } from '../losses/terms.js';
import { createLayerwise, type LayerwiseValues, type LayerValues } from './layerwise.js';
import type { Weights } from '../crew/session.js';
import { SMALLER_STEPS } from '../optimizers/optimizer.js';
import { fitting } from './probe.js';

/** Where values stop being finite. */
export interface Divergence {
  /** The layer where that begins; absent if it is not a layer. */
  readonly layer?: string;
  /** The parameter where that begins; absent if it is not a parameter. */
  readonly parameter?: string;
  /** A sentence for messages. */
  readonly message: string;
  /** A remedy for the cause found. */
  readonly hint?: string;
}

/** Values beyond this have grown too large. */
const LARGE = 1e6;

const MAX_BYTES = 256 * 2 ** 20;

/**
 * Runs `weights` on `samples`, such as the minibatch of a step whose loss was not finite, and names the first layer or
 * parameter that is not finite: forward up to the loss, or else backward along the gradients.
 * @throws LanewiseError kind 'data' if samples and model do not fit.
 */
export async function explainDivergence(
  model: Model,
  terms: readonly LossTerm[],
  weights: Weights,
  samples: Samples,
  numerics?: Numerics,
): Promise<Divergence> {
  const few = await takeFirst(samples, fitting(model, MAX_BYTES));
  const layerwise = await createLayerwise(model, terms, few, {
    mode: 'training',
    withGradients: true,
    numerics,
  });
  const values = layerwise.run(weights);
  return (
    inInputs(values) ??
    onTheWayForward(model, weights, values) ??
    inTheLoss(model, terms, values) ??
    onTheWayBack(values) ?? { message: 'every output and gradient is finite for these samples' }
  );
}

function inInputs({ inputs }: LayerwiseValues): Divergence | undefined {
  for (const [name, values] of inputs) {
    const wrong = firstWrong(values);
    if (wrong !== undefined)
      return {
        message: `input '${name}' holds ${wrong}: the data is damaged, not the weights`,
        hint: `mend or leave out the samples whose '${name}' is not finite`,
      };
  }
  return undefined;
}

function onTheWayForward(
  model: Model,
  weights: Weights,
  values: LayerwiseValues,
): Divergence | undefined {
  for (const layer of values.layers) {
    const wrong = firstWrong(layer.output);
    if (wrong === undefined) continue;
    const parameter = model.parameters.find(
      ({ name }) =>
        name.startsWith(`${layer.name}.`) && firstWrong(weights.get(name)!) !== undefined,
    );
    if (parameter) {
      const array = weights.get(parameter.name)!;
      const count = array.reduce((sum, value) => sum + Number(!Number.isFinite(value)), 0);
      return {
        layer: layer.name,
        parameter: parameter.name,
        message: `'${parameter.name}' is the first parameter which is ${firstWrong(array)} (${count} of its ${array.length} values)`,
        hint: SMALLER_STEPS,
      };
    }
    return {
      layer: layer.name,
      hint: SMALLER_STEPS,
      message: `layer '${layer.name}' is the first whose output is ${wrong} (its input reaches ${showSize(inputSize(layer, values))})`,
    };
  }
  return undefined;
}

function inTheLoss(
  model: Model,
  terms: readonly LossTerm[],
  { loss, layers }: LayerwiseValues,
): Divergence | undefined {
  if (Number.isFinite(loss)) return undefined;
  const last = layers.at(-1);
  const reached = last ? largest(last.output) : 0;
  const size = last ? ` (the last layer, '${last.name}', reaches ${showSize(reached)})` : '';
  const message = `every layer's output is finite, the loss is ${loss}${size}`;
  if (
    model.outputs.size === 1 &&
    terms.some(({ loss: { takes } }) => takes?.output === 'probabilities')
  ) {
    const wrong = last?.output.find((value) => value < 0 || value > 1);
    if (wrong !== undefined) {
      return {
        message: `${terms[0]!.loss.kind} takes probabilities, and '${last!.name}' gives ${showSize(wrong)}`,
        hint: 'end with sigmoid(), or take binaryCrossEntropyWithLogits',
      };
    }
  }
  return reached > LARGE
    ? { message, hint: SMALLER_STEPS }
    : { message, hint: 'look at the targets, and at what the loss takes (docs/losses.md)' };
}

/** The first gradient that is not finite, from the last layer to the first. */
function onTheWayBack({ layers, gradients }: LayerwiseValues): Divergence | undefined {
  const back = layers.toReversed();
  for (const [i, { name, gradient }] of back.entries()) {
    const wrong = gradient && firstWrong(gradient);
    if (wrong === undefined) continue;
    const before = back.slice(0, i).findLast((layer) => layer.gradient);
    const size = before
      ? ` (by the output of '${before.name}', behind it, it reaches ${showSize(largest(before.gradient!))})`
      : '';
    return {
      layer: name,
      hint: SMALLER_STEPS,
      message: `every output is finite, and the gradient by the output of layer '${name}' is the first which is ${wrong}${size}`,
    };
  }
  for (const [name, gradient] of gradients) {
    const wrong = firstWrong(gradient);
    if (wrong !== undefined) {
      return {
        parameter: name,
        message: `every output is finite, and the gradient by '${name}' is the first which is ${wrong}`,
        hint: SMALLER_STEPS,
      };
    }
  }
  return undefined;
}

const firstWrong = (values: Float32Array | Int32Array): number | undefined =>
  [NaN, Infinity, -Infinity].find((value) => values.includes(value));

/** The largest magnitude among a layer's inputs. */
const inputSize = ({ from }: LayerValues, { layers, inputs }: LayerwiseValues): number =>
  from.reduce((most, name) => {
    const values = inputs.get(name) ?? layers.find((layer) => layer.name === name)?.output;
    return values ? Math.max(most, largest(values)) : most;
  }, 0);

const largest = (values: Float32Array | Int32Array): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};

const showSize = (value: number): string => value.toPrecision(2).replace('e+', 'e');
