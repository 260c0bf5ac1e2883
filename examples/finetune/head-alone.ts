/**
 * Training of a new head alone, where everything before it is frozen: what the head takes is computed once for each picture,
 * and not again in every epoch.
 */
import {
  adam,
  encode,
  rebuild,
  train,
  transformed,
  withWeights,
  type Dataset,
  type Model,
  type ProgressEvent,
  type TrainedModel,
  type Transform,
  type Weights,
} from 'lanewise';

/** Pictures that are computed at a time, between which progress is shown. */
const PIECE = 32;
/** Each picture is seen in so many ways. */
const WAYS = 4;

export interface HeadCallbacks {
  readonly signal: AbortSignal;
  onFeatures(done: number): void;
  onProgress(event: ProgressEvent): void;
}

/** The layers of a model that end in its new head, a dense one: the head, and the layer whose values it takes. */
function headOf({ architecture, parameters }: Model, kept: Weights) {
  const { layers, outputs } = architecture;
  const drawn = parameters.find(({ name }) => !kept.has(name))?.name.replace(/\.[^.]*$/, '');
  const at = layers.findIndex(({ name }) => name === drawn);
  const head = layers[at];
  const before = head?.inputs?.[0] ?? layers[at - 1]?.name;
  const isEnd = Object.values(outputs).join('\n') === drawn && head?.kind === 'linear';
  return isEnd && layers.some(({ name }) => name === before)
    ? { head, before: before! }
    : undefined;
}

const partOf = (data: Dataset, from: number, to: number): Dataset => {
  const size = data.shape.reduce((a, b) => a * b, 1);
  return {
    ...data,
    samples: data.samples.subarray(from * size, to * size),
    labels: data.labels.subarray(from, to),
  };
};

/** The pictures several times in a row. */
function repeated(data: Dataset): Dataset {
  const samples = new Uint8Array(WAYS * data.samples.length);
  const labels = new Uint8Array(WAYS * data.labels.length);
  for (let i = 0; i < WAYS; i++) {
    samples.set(data.samples, i * data.samples.length);
    labels.set(data.labels, i * data.labels.length);
  }
  return { ...data, samples, labels };
}

/**
 * Trains the new head of `model`, whose other weights are `kept`. Undefined for a model whose head is not a dense layer at its
 * end.
 */
export async function trainHead(
  model: Model,
  kept: Weights,
  data: Dataset,
  views: readonly Transform[],
  { epochs, lr }: { readonly epochs: number; readonly lr: number },
  callbacks: HeadCallbacks,
): Promise<TrainedModel | undefined> {
  const found = headOf(model, kept);
  if (!found) return undefined;
  const { head, before } = found;
  const drawn = model.parameters.filter(({ name }) => !kept.has(name));
  const zeros = drawn.map(
    ({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))] as const,
  );
  const all = repeated(data);
  const count = all.labels.length;
  // Transforms are drawn by the place in a piece, so that a picture's own place has to change.
  const piece = data.labels.length % PIECE === 0 ? PIECE - 1 : PIECE;
  const pieces: Float32Array[] = [];
  let shape: readonly number[] = [];
  for (let from = 0; from < count && !callbacks.signal.aborted; from += piece) {
    const part = transformed(partOf(all, from, Math.min(count, from + piece)), views);
    const { inputs } = await encode({ model, weights: new Map([...kept, ...zeros]) }, part, {
      layer: before,
    });
    const { input } = inputs as { input: { shape: readonly number[]; values: Float32Array } };
    ({ shape } = input);
    pieces.push(input.values);
    callbacks.onFeatures(Math.min(count, from + piece) / count);
  }
  const values = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, one) => (values.set(one, at), at + one.length), 0);
  const seen = values.length / shape.reduce((a, b) => a * b, 1);
  const net = rebuild({
    inputs: { input: { shape, mean: 0, deviation: 1 } },
    layers: [{ ...head, inputs: ['input'] }],
    outputs: { output: head.name },
  });
  const result = await train(
    net,
    {
      data: {
        name: 'features',
        inputs: { input: { shape, values } },
        targets: { output: { shape: [], values: all.labels.subarray(0, seen) } },
        classes: data.classes,
      },
      optimizer: adam({ lr }),
      epochs,
      batch: Math.min(16, seen),
    },
    { signal: callbacks.signal, onProgress: callbacks.onProgress },
  );
  const { classes } = data;
  const tuned = withWeights(model, new Map([...kept, ...result.model.weights]), { classes });
  return Object.assign(tuned, { samples: { shape: data.shape, type: 'uint8' as const } });
}
