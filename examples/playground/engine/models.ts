/** The models of the page: two known ones, and those that its layer editor describes. */
import { lenet5, LanewiseError, mlp, parameterCount, rebuild, type Model } from 'lanewise';
import type { CheckedLayer, LayerChoice, ModelFacts } from '../messages.js';

type Numbers = Readonly<Record<string, number>>;

/** A layer from the editor's settings; those that follow from the layer before are filled in. */
const settingsOf: Readonly<
  Record<string, (given: Numbers, shape: readonly number[]) => Readonly<Record<string, unknown>>>
> = {
  conv2d: ({ filters, kernel, stride, padding }, [inChannels]) => ({
    inChannels,
    outChannels: filters,
    kernelSize: kernel,
    stride,
    padding,
  }),
  maxPool2d: ({ kernel }) => ({ kernelSize: kernel }),
  avgPool2d: ({ kernel }) => ({ kernelSize: kernel }),
  linear: ({ units }, shape) => ({
    inFeatures: shape.reduce((product, extent) => product * extent, 1),
    outFeatures: units,
  }),
  batchNorm2d: (_, [features]) => ({ features }),
  dropout: ({ rate }) => ({ rate }),
};

/** The input: one channel of 28×28, scaled to MNIST's mean and deviation. */
const INPUT = { shape: [1, 28, 28], mean: 0.1307, deviation: 0.3081 };

interface Checked {
  readonly layers: readonly CheckedLayer[];
  /** The model of all layers; absent if one of them is not possible. */
  readonly model?: Model;
}

/** Builds one layer after another, so that an error is shown at its layer. */
export function checkLayers(choices: readonly LayerChoice[]): Checked {
  const layers: CheckedLayer[] = [];
  const descriptions: { name: string; kind: string; settings: object }[] = [];
  let shape: readonly number[] = INPUT.shape;
  let model: Model | undefined;
  for (const [i, { kind, settings }] of choices.entries()) {
    // Names under which other programs will find the weights in the file: `conv2d1`.
    const name = `${kind}${i + 1}`;
    descriptions.push({ name, kind, settings: settingsOf[kind]?.(settings, shape) ?? {} });
    try {
      model = rebuild({
        inputs: { input: INPUT },
        layers: descriptions,
        outputs: { output: name },
      } as unknown as Model['architecture']);
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      const hint = error.hint === undefined ? '' : ` – ${error.hint}`;
      layers.push({ error: error.message + hint });
      return { layers };
    }
    shape = [...model.outputs.values()][0]!;
    layers.push({ shape });
  }
  return model ? { layers, model } : { layers };
}

/** @throws LanewiseError kind 'argument' for layers that do not fit together. */
export function layersModel(choices: readonly LayerChoice[]): Model {
  const { layers, model } = checkLayers(choices);
  if (model) return model;
  const at = layers.findIndex(({ error }) => error !== undefined);
  throw new LanewiseError(
    'argument',
    at < 0 ? 'a model needs at least one layer' : `layer ${at + 1}: ${layers[at]!.error}`,
  );
}

export const knownModels = {
  lenet5: () => lenet5(),
  mlp: () => mlp({ hidden: 128, activation: 'relu' }),
} as const;

export const factsOf = (name: string, model: Model): ModelFacts => ({
  name,
  parameters: parameterCount(model),
});
