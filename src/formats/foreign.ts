/** Recognition of files that are not safetensors files, by their first bytes, with the way to read or convert them. */
import { LanewiseError } from '../base/errors.js';

/** A foreign kind of file, and what reads it: an entry point of this package, a line of Python, or another remedy. */
export interface ForeignKind {
  readonly is: string;
  readonly way: string;
  /** The entry point that reads it, if one does. */
  readonly reader?: 'lanewise/import' | 'lanewise/onnx';
}

/** The line of Python that makes a safetensors file of FILE. */
const pythonLine = (imports: string, tensors: string, library: 'torch' | 'numpy'): string =>
  `in Python: ${imports}; from safetensors.${library} import save_file; save_file(${tensors}, 'weights.safetensors')`;

/** A kind that is read once `lanewise/import` is loaded. */
const imported = (
  is: string,
  way = `import 'lanewise/import' adds the reader of such files`,
): ForeignKind => ({ is, way, reader: 'lanewise/import' });

/** A model of Keras, which has its description with it. */
const keras = (is: string): ForeignKind =>
  imported(is, "readKeras of 'lanewise/import' reads it, with its model");

const PYTORCH = /(^|\/)(data\.pkl|byteorder|\.format_version|code\/.*|\.data\/.*|data\/\d+)$/;

/** The kind of a ZIP archive, by the name of its first file. */
function archiveOf(first: string): ForeignKind {
  if (PYTORCH.test(first)) return imported('a PyTorch file (a ZIP archive of a pickle)');
  if (first.endsWith('.npy')) return imported('a NumPy archive (.npz)');
  if (/^(metadata|config)\.json$|weights\.h5$/.test(first)) return keras('a Keras file (.keras)');
  return { is: `a ZIP archive that begins with '${first}'`, way: 'give the file that is in it' };
}

/** Text or bytes that a file begins with. */
const BEGINNINGS: readonly (readonly [string | readonly number[], ForeignKind])[] = [
  [[0x80], /* @__PURE__ */ imported('a pickle, as PyTorch wrote before 1.6')],
  [[0x89, 0x48, 0x44, 0x46], /* @__PURE__ */ keras('an HDF5 file, as Keras writes (.h5)')],
  [
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59],
    {
      is: 'a NumPy array (.npy)',
      way: /* @__PURE__ */ pythonLine('import numpy', "{'weight': numpy.load(FILE)}", 'numpy'),
    },
  ],
  [
    'GGUF',
    {
      is: 'a GGUF file, whose tensors are mostly quantised',
      way: 'take the safetensors files that it was made of',
    },
  ],
  [
    'version https://git-lfs',
    { is: 'a Git LFS pointer, not the file itself', way: 'git lfs pull fetches it' },
  ],
  ['<', { is: 'a web page or XML', way: 'what was downloaded is not the file: see the address' }],
  [
    '{',
    {
      is: 'JSON',
      way: "the weights are in another file, which the JSON may name; readTfjs of 'lanewise/import' reads a model.json of TensorFlow.js with them",
    },
  ],
  [[0x1f, 0x8b], { is: 'compressed by gzip', way: 'decompress it first: gunzip' }],
];

/** Whether bytes begin like ONNX: a protobuf message with a small version and a text or message. */
const isOnnx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x08 &&
  bytes[1]! > 0 &&
  bytes[1]! < 32 &&
  [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(bytes[2]!);

/** The kind of a file, by its first 256 bytes. */
export function foreignKind(bytes: Uint8Array): ForeignKind | undefined {
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, 256));
  if (text.startsWith('PK\u0003\u0004')) return archiveOf(text.slice(30, 30 + bytes[26]!));
  if (text.slice(4, 8) === 'TFL3')
    return {
      is: 'a TensorFlow Lite file',
      way: 'take the weights of the model that it was made of',
    };
  if (isOnnx(bytes))
    return {
      is: 'an ONNX file',
      way: "readOnnx of 'lanewise/onnx' reads it, with its model",
      reader: 'lanewise/onnx',
    };
  return BEGINNINGS.find(([start]) =>
    typeof start === 'string'
      ? text.startsWith(start)
      : start.every((byte, i) => bytes[i] === byte),
  )?.[1];
}

/** @throws LanewiseError kind 'file' for a file of a known format other than the `expected` one. */
export function refuseForeign(bytes: Uint8Array, name: string, expected: string): void {
  const kind = foreignKind(bytes);
  if (!kind) return;
  throw new LanewiseError(
    'file',
    `'${name}' is ${kind.is}, expected a ${expected} file`,
    kind.way.replace('FILE', `'${name}'`),
  );
}
