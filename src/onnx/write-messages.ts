/** ONNX files from records, the reverse of messages.ts. */
import { LanewiseError } from '../base/errors.js';
import type { Fields } from './fields.js';
import {
  ELEMENT_TYPES,
  type OnnxAttribute,
  type OnnxFile,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './messages.js';
import { encodeMessage } from './write-protobuf.js';

/** The bytes of a file, without its functions. Equal records give equal bytes. */
export const encodeOnnx = ({
  irVersion,
  producer,
  producerVersion,
  graph,
  ...file
}: OnnxFile): Uint8Array =>
  encodeMessage('Model', {
    irVersion,
    producer,
    producerVersion,
    graph: graphFields(graph),
    opsets: [...file.opsets].map(([domain, version]) => ({ domain, version })),
    metadata: [...file.metadata].map(([key, value]) => ({ key, value })),
  });

const graphFields = (graph: OnnxGraph): Fields<'Graph'> => ({
  name: graph.name,
  nodes: graph.nodes.map(nodeFields),
  initializers: [...graph.initializers.values()].map(tensorFields),
  inputs: graph.inputs.map(valueInfoFields),
  outputs: graph.outputs.map(valueInfoFields),
});

const nodeFields = ({ name, op, domain, inputs, outputs, attributes }: OnnxNode) => ({
  inputs: [...inputs],
  outputs: [...outputs],
  name,
  op,
  ...(domain === '' ? {} : { domain }),
  attributes: [...attributes.values()].map(attributeFields),
});

function attributeFields({ name, type, value }: OnnxAttribute): Fields<'Attribute'> {
  const kinds = ['', 'float', 'int', 'string', 'tensor', 'graph', 'floats', 'ints', 'strings'];
  const fields = ['', 'f', 'i', 's', 't', 'g', 'floats', 'ints', 'strings'];
  const at = kinds.indexOf(type);
  const written =
    type === 'tensor'
      ? tensorFields(value as OnnxTensor)
      : type === 'graph'
        ? graphFields(value as OnnxGraph)
        : value;
  return { name, [fields[at]!]: written, type: at } as Fields<'Attribute'>;
}

/** Values as raw bytes: float32 for floats, and whole numbers by their type. */
function tensorFields({ name, type, shape, values }: OnnxTensor): Fields<'Tensor'> {
  const list = values();
  const stored =
    type === 'int64' ? BigInt64Array.from(list as Float64Array, (one) => BigInt(one)) : list;
  const kept =
    type === 'bool'
      ? Uint8Array.from(list)
      : type === 'int32'
        ? Int32Array.from(list)
        : type === 'float' || type === 'int64'
          ? stored
          : undefined;
  if (!kept) throw new LanewiseError('file', `a tensor of ${type} cannot be written to ONNX`);
  return {
    dims: [...shape],
    type: ELEMENT_TYPES.indexOf(type),
    name,
    raw: new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength),
  };
}

const valueInfoFields = ({ name, type, shape }: OnnxValueInfo): Fields<'ValueInfo'> => ({
  name,
  ...(type === undefined
    ? {}
    : {
        type: {
          tensor: {
            element: ELEMENT_TYPES.indexOf(type),
            ...(shape ? { shape: { extents: shape.map(extentFields) } } : {}),
          },
        },
      }),
});

const extentFields = (extent: number | string | undefined): Fields<'Extent'> =>
  typeof extent === 'number' ? { value: extent } : extent === undefined ? {} : { name: extent };
