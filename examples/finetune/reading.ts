/** Reads ONNX files for the page: what it shows of them, and the scale of their pictures. */
import {
  featuresOf,
  LanewiseError,
  parameterCount,
  rebuild,
  replaceHead,
  withWeights,
  type Model,
  type TrainedModel,
} from 'lanewise';
import { readOnnx } from 'lanewise/onnx';
import type { LayerAbout, Opened, Reading, ScaleName } from './messages.js';

/** A model, and what the page shows of it. */
export interface Read {
  readonly trained: TrainedModel;
  readonly opened: Opened;
}

/** `input=3×224×224, other=10` by name. @throws LanewiseError for anything else. */
function shapesOf(text: string): Record<string, number[]> {
  return Object.fromEntries(
    text.split(/[;,]\s*(?=[^\s;,=]+\s*=)/).map((part) => {
      const [, name, extents] = /^\s*(.+?)\s*=\s*(\d+(?:\s*[x×,*]\s*\d+)*)\s*$/.exec(part) ?? [];
      if (name !== undefined)
        return [name, extents!.split(/[x×,*]/).map((extent) => Number(extent))];
      throw new LanewiseError(
        'argument',
        `the shape is '${part}', expected the input's name, =, and the shape of one sample`,
        'such as input=3×224×224',
      );
    }),
  );
}

/** Reads an ONNX file, with files of external data beside it. @throws LanewiseError as `readOnnx`. */
export async function readFiles(files: readonly File[], reading: Reading): Promise<Read> {
  const models = files.filter(({ name }) => /\.onnx$/i.test(name));
  if (models.length > 1)
    throw new LanewiseError(
      'argument',
      `${models.length} ONNX files were given: ${models.map(({ name }) => name).join(', ')}`,
      'give one of them, with the files of its external data if it has any',
    );
  const model = models[0] ?? files[0];
  if (!model) throw new LanewiseError('argument', 'no file was chosen');
  const beside = files.filter((file) => file !== model);
  const externalData = Object.fromEntries(
    await Promise.all(
      beside.map(async (file) => [file.name, new Uint8Array(await file.arrayBuffer())] as const),
    ),
  );
  const { shape = '', output = '' } = reading;
  const { trained, warnings } = readOnnx(new Uint8Array(await model.arrayBuffer()), {
    name: model.name,
    externalData,
    ...(shape.trim() === '' ? {} : { inputs: shapesOf(shape) }),
    ...(output.trim() === '' ? {} : { outputs: [output.trim()] }),
  });
  const known = trained.samples ? trained : asClassifier(trained);
  const isCut = known.model !== trained.model;
  const notes = warnings.map((text) => (isCut && SOFTMAX.test(text) ? CUT : text));
  return { trained: known, opened: describe(model.name, known, notes) };
}

/** The reader's advice to leave out a softmax at the end, and what is said where that is done. */
const SOFTMAX = / is a softmax: /;
const CUT =
  'the softmax at its end is left out, as training takes the scores before it; the saved file gives those';

/**
 * A model whose file does not say by what loss it was trained, as a classifier, if its only output is a list of scores.
 * Cross-entropy takes logits, so that a softmax at its end is left out.
 */
function asClassifier(trained: TrainedModel): TrainedModel {
  const { classes, model } = trained;
  const [scores, ...others] = model.outputs.values();
  if (others.length > 0 || scores?.length !== 1 || scores[0]! < 2) return trained;
  const { layers, outputs } = model.architecture;
  const at = layers.findIndex(({ name }) => name === Object.values(outputs)[0]);
  const before = layers[at]?.inputs?.[0] ?? layers[at - 1]?.name;
  const isCut = layers[at]?.kind === 'softmax' && layers.some(({ name }) => name === before);
  const kept = isCut ? featuresOf(trained, before!) : trained;
  return withWeights(kept.model, kept.weights, {
    loss: 'crossEntropy',
    ...(classes ? { classes } : {}),
  });
}

/** What the page shows of a model. */
export function describe(
  name: string,
  { model, classes, samples }: TrainedModel,
  warnings: readonly string[],
): Opened {
  const inputs = Object.entries(model.architecture.inputs);
  const [first] = inputs.map(([, one]) => one);
  const [channels, height, width] = first!.shape;
  const isPicture =
    inputs.length === 1 &&
    first!.shape.length === 3 &&
    first!.vocabulary === undefined &&
    (channels === 1 || channels === 3);
  const head = headOf(model);
  return {
    name,
    inputs: inputs.map(([input, { shape }]) => ({ name: input, shape })),
    outputs: [...model.outputs].map(([output, shape]) => ({ name: output, shape })),
    layers: layersOf(model),
    parameters: parameterCount(model),
    warnings,
    hasScale: samples !== undefined || first!.mean !== 0 || first!.deviation !== 1,
    ...(classes ? { classes } : {}),
    ...(isPicture ? { picture: [channels, height!, width!] } : {}),
    ...(head === undefined ? {} : { head }),
  };
}

/** The layer that other classes replace: the one whose weights are gone then. */
function headOf(model: Model): string | undefined {
  try {
    const weights = new Map(
      model.parameters.map(({ name, shape }) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)),
      ]),
    );
    const { model: changed, weights: kept } = replaceHead({ model, weights }, { classes: 2 });
    if (![...changed.outputs.values()].every((shape) => shape.length === 1)) return undefined;
    const gone = model.parameters.find(({ name }) => !kept.has(name));
    return gone?.name.replace(/\.[^.]*$/, '');
  } catch (error) {
    if (error instanceof LanewiseError) return undefined;
    throw error;
  }
}

function layersOf(model: Model): LayerAbout[] {
  const parameters = new Map<string, number>();
  for (const { name, role, shape } of model.parameters) {
    if (role !== 'trained') continue;
    const layer = name.slice(0, name.lastIndexOf('.'));
    const count = shape.reduce((a, b) => a * b, 1);
    parameters.set(layer, (parameters.get(layer) ?? 0) + count);
  }
  return model.graph(1, 'evaluation').activations.map(({ layer, kind, output }) => ({
    name: layer,
    kind,
    shape: output.shape.slice(1),
    parameters: parameters.get(layer) ?? 0,
  }));
}

/** Mean and deviation of what a net was trained on, for bytes that count as 0 to 1. */
const SCALES: Readonly<
  Record<Exclude<ScaleName, 'own'>, { mean: number | number[]; deviation: number | number[] }>
> = {
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  unit: { mean: 0, deviation: 1 },
  signed: { mean: 0.5, deviation: 0.5 },
  bytes: { mean: 0, deviation: 1 / 255 },
};

/** The model with pictures scaled so; `own` leaves it as it is. */
export function scaled(trained: TrainedModel, scale: ScaleName): TrainedModel {
  if (scale === 'own') return trained;
  const { architecture } = trained.model;
  const [[name, input]] = Object.entries(architecture.inputs) as [
    [string, (typeof architecture.inputs)[string]],
  ];
  const model = rebuild({ ...architecture, inputs: { [name]: { ...input, ...SCALES[scale] } } });
  const loss = Object.fromEntries(
    trained.terms.map(({ output, ...term }) => [output, term] as const),
  );
  const { weights, classes } = trained;
  return withWeights(model, weights, { loss, ...(classes ? { classes } : {}) });
}
