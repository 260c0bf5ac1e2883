/** Reads files that `writeOnnx` wrote: the same architecture, weights and description again. */
import { LanewiseError } from '../base/errors.js';
import { readModelMetadata } from '../trained/model-file.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';
import type { OnnxAttribute, OnnxFile, OnnxGraph, OnnxNode, OnnxTensor } from './messages.js';
import { onnxOf, readMetadata } from './write-onnx.js';

/**
 * The model of a file that `writeOnnx` wrote and whose nodes nobody has changed since: its architecture is rebuilt from the
 * metadata and written once more, and the two are compared. The weights are the file's, also if they were trained elsewhere.
 * Undefined for all other files; `warn` is told why, where there was such metadata.
 */
export function readOwnOnnx(
  file: OnnxFile,
  name: string,
  warn: (message: string) => void = () => {},
): TrainedModel | undefined {
  const own = readMetadata(file.metadata);
  if (!own) return undefined;
  try {
    const { model, terms, numerics, ...description } = readModelMetadata(own.metadata, name);
    const weights = new Map(
      model.parameters.map((parameter) => {
        const tensor = file.graph.initializers.get(parameter.name);
        if (
          !tensor ||
          tensor.external ||
          tensor.type !== 'float' ||
          !equal(tensor.shape, parameter.shape)
        )
          throw new LanewiseError('file', `the initialiser '${parameter.name}' is another`);
        // A tensor may be a view of the file, which is not the model's to keep or change.
        return [parameter.name, Float32Array.from(tensor.values())] as const;
      }),
    );
    const written = onnxOf({ model, weights, terms, numerics }, { logits: own.logits });
    if (!sameGraph(written.graph, file.graph))
      throw new LanewiseError('file', 'its nodes are not those that its architecture gives');
    return createTrainedModel(model, terms, numerics, weights, description);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    warn(
      `'${name}' was written by Lanewise and changed since (${error.message}): it is read by its nodes, and its metadata is ignored`,
    );
    return undefined;
  }
}

/** Whether two values of plain data are equal. */
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const sameGraph = (a: OnnxGraph, b: OnnxGraph): boolean =>
  a.initializers.size === b.initializers.size &&
  equal([a.inputs, a.outputs], [b.inputs, b.outputs]) &&
  a.nodes.length === b.nodes.length &&
  a.nodes.every((node, i) => sameNode(node, b.nodes[i]!));

const sameNode = (a: OnnxNode, b: OnnxNode): boolean =>
  equal([a.op, a.domain, a.inputs, a.outputs], [b.op, b.domain, b.inputs, b.outputs]) &&
  a.attributes.size === b.attributes.size &&
  [...a.attributes.values()].every((one) => sameAttribute(one, b.attributes.get(one.name)));

function sameAttribute(a: OnnxAttribute, b: OnnxAttribute | undefined): boolean {
  if (a.type !== b?.type) return false;
  if (a.type !== 'tensor') return equal(a.value, b.value);
  const [one, other] = [a.value as OnnxTensor, b.value as OnnxTensor];
  if (!equal([one.type, one.shape], [other.type, other.shape])) return false;
  const values = other.values();
  return one.values().every((value, i) => Object.is(value, values[i]));
}
