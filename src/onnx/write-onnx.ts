/** Trained models as ONNX files, which onnxruntime and other engines run. */
import { checkOptions, flag, text } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { version } from '../base/version.js';
import type { Tensor } from '../graph/tensor.js';
import type { InputSettings } from '../layers/index.js';
import { checkTrained } from '../trained/check-weights.js';
import type { DataDescription } from '../trained/data-description.js';
import { modelMetadata } from '../trained/model-file.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { exportRules } from './export-rules.js';
import { draftNodes, isOpen, SAMPLES, type Value, type Writer } from './export-writer.js';
import type { OnnxFile, OnnxValueInfo } from './messages.js';
import { namedNodes } from './name-nodes.js';
import { encodeOnnx } from './write-messages.js';

/** Settings of `writeOnnx`. */
export interface WriteOnnxOptions {
  /**
   * Whether outputs are as the model's last layer gives them; `false`: as `predict` gives them, which for models of
   * classes is probabilities. Default true: onnxruntime's sigmoid is exactly 0 below −18, where a logit still says how sure
   * the model is.
   */
  readonly logits?: boolean;
  /** The graph's name; default `lanewise`. */
  readonly name?: string;
}

/** What a model's file is made of. */
export type Written = Pick<TrainedModel, 'model' | 'weights' | 'terms' | 'numerics'> &
  DataDescription;

/** The version of ONNX's ops, and of the format; onnxruntime reads them since 1.12. */
const [OPSET, IR] = [17, 8];

/** Files are read as one message, whose length most readers keep in 31 bits. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * The bytes of an ONNX file (opset 17, IR 8) that computes the model's outputs. The samples' axis is named `N` and takes any
 * number of samples. Weights have the model's names, layouts and bits; inputs are as `predict` takes them (images of bytes
 * divided by 255), whole numbers as int64; the scaling of inputs is part of the file, dropout is not. `readOnnx` of the bytes
 * gives the same model again.
 * @throws LanewiseError kind 'argument' for a layer without ONNX nodes, naming it, and for more than 2 GB of weights.
 */
export function writeOnnx(trained: TrainedModel, options: WriteOnnxOptions = {}): Uint8Array {
  checkTrained('writeOnnx', trained);
  checkOptions('writeOnnx', options, { logits: flag, name: text });
  const bytes = [...trained.weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > MOST_BYTES)
    throw new LanewiseError(
      'argument',
      `writeOnnx: the model has ${bytes} bytes of weights, an ONNX file holds at most ${MOST_BYTES}`,
      'encodeModel writes them as safetensors',
    );
  return encodeOnnx(onnxOf(trained, options));
}

/** Layers of files without an axis of samples compute one sample after another: such models are written for one. */
const BY_SAMPLE = /"batch":"none"/;

/** The records of the file. */
export function onnxOf(trained: Written, options: WriteOnnxOptions = {}): OnnxFile {
  const { logits = true, name = 'lanewise' } = options;
  const { model, terms } = trained;
  const samples = BY_SAMPLE.test(JSON.stringify(model.architecture)) ? 1 : SAMPLES;
  const { activations, inputs, outputs, parameters } = model.graph(samples, 'evaluation');
  const scaled = (own: string) => isScaled(model.architecture.inputs[own]!);
  const leaves = new Map([...inputs, ...parameters].map(([own, tensor]) => [tensor, own]));
  const reserved = [...leaves.values()];
  for (const [own, tensor] of inputs) if (scaled(own)) leaves.delete(tensor);
  const w = draftNodes(leaves, reserved[0]!, exportRules, (writer, { source }) =>
    source.kind === 'input' && inputs.has(source.name)
      ? scaledInput(writer, source.name, model.architecture.inputs[source.name]!)
      : undefined,
  );
  // Layer by layer, so that nodes stand in the layers' order and no walk is deeper than a layer.
  for (const { output } of activations) w.of(output);
  const ends = [...outputs].map(([output, tensor]): [string, Tensor] => {
    const loss = logits ? undefined : terms.find((term) => term.output === output)?.loss;
    return [output, loss ? loss.scores(tensor) : tensor];
  });
  const values = ends.map(([output, tensor]) => [output, w.of(tensor)] as const);
  return {
    irVersion: IR,
    producer: 'lanewise',
    producerVersion: version,
    opsets: new Map([['', OPSET]]),
    functions: [],
    graph: {
      name,
      nodes: namedNodes(w, values, reserved),
      initializers: initializersOf(trained),
      inputs: [...inputs].map(valueInfo),
      outputs: ends.map(valueInfo),
    },
    metadata: metadataOf(trained, logits),
  };
}

const isScaled = ({ mean, deviation }: InputSettings): boolean => mean !== 0 || deviation !== 1;

/** (x − mean)/deviation, with one number or one for each index of a sample's axis 0. */
function scaledInput(w: Writer, name: string, { shape, mean, deviation }: InputSettings): Value {
  const constant = (given: InputSettings['mean']) =>
    typeof given === 'number'
      ? w.floats(given)
      : w.floats(given, [given.length, ...shape.slice(1).map(() => 1)]);
  const centred = mean === 0 ? name : w.node('Sub', [name, constant(mean)]);
  return deviation === 1 ? centred : w.node('Div', [centred, constant(deviation)]);
}

/** The samples' axis has a name; axes that are multiples of it have none. */
const valueInfo = ([name, { shape, dtype }]: readonly [string, Tensor]): OnnxValueInfo => ({
  name,
  type: dtype === 'i32' ? 'int64' : 'float',
  shape: shape.map((extent) => (extent === SAMPLES ? 'N' : isOpen(extent) ? undefined : extent)),
});

const initializersOf = ({ model, weights }: Written): OnnxFile['graph']['initializers'] =>
  new Map(
    model.parameters.map(({ name, shape }) => {
      const values = weights.get(name)!;
      return [name, { name, type: 'float', shape, values: () => values }];
    }),
  );

/** The metadata's key of a model file's one; the names of classes are for other readers too. */
const keyOf = (key: string): string => (key === 'classes' ? key : `lanewise.${key}`);

/** What a Lanewise model file's metadata says, under keys that begin with `lanewise`. */
function metadataOf(trained: Written, logits: boolean): ReadonlyMap<string, string> {
  const { format: _, lanewise, ...described } = modelMetadata(trained);
  const all = Object.entries({ logits: String(logits), ...described });
  return new Map([
    ['lanewise', lanewise!],
    ...all.map(([key, value]) => [keyOf(key), value] as const),
  ]);
}

/** A model file's metadata again, and whether outputs are logits; undefined for files that others wrote. */
export function readMetadata(metadata: ReadonlyMap<string, string>) {
  if (!metadata.has('lanewise')) return undefined;
  const described = [...metadata].map(([key, value]) => [key.replace(/^lanewise\./, ''), value]);
  const own = Object.fromEntries(described as [string, string][]);
  return { metadata: own, logits: own['logits'] !== 'false' };
}
