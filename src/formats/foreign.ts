/** Recognition of files that are not safetensors files, by their first bytes, with advice on converting them. */
import { LanewiseError } from '../base/errors.js';

/** A foreign kind of file, and the line of Python that converts it to safetensors, or another remedy. */
interface Kind {
  readonly is: string;
  readonly way: string;
}

const python = (imports: string, tensors: string, library: 'torch' | 'numpy'): string =>
  `in Python: ${imports}; from safetensors.${library} import save_file; save_file(${tensors}, 'weights.safetensors')`;

const pytorch = (is: string): Kind => ({
  is,
  way: python(
    'import torch',
    "{k: v.clone() for k, v in torch.load(FILE, map_location='cpu').items()}",
    'torch',
  ),
});

/** The kind of a ZIP archive, by the name of its first file. */
function archiveOf(first: string): Kind {
  if (/(^|\/)(data\.pkl|byteorder|\.format_version|code\/.*|\.data\/.*|data\/\d+)$/.test(first))
    return pytorch('a PyTorch file (a ZIP archive of a pickle)');
  if (first.endsWith('.npy'))
    return {
      is: 'a NumPy archive (.npz)',
      way: python('import numpy', 'dict(numpy.load(FILE))', 'numpy'),
    };
  if (/^(metadata|config)\.json$|weights\.h5$/.test(first))
    return {
      is: 'a Keras file (.keras)',
      way: python(
        'import keras',
        "{w.path.replace('/', '.'): w.numpy() for w in keras.saving.load_model(FILE).weights}",
        'numpy',
      ),
    };
  return { is: `a ZIP archive that begins with '${first}'`, way: 'give the file that is in it' };
}

/** Text or bytes that a file begins with. */
const BEGINNINGS: readonly (readonly [string | readonly number[], Kind])[] = [
  [[0x80], /* @__PURE__ */ pytorch('a pickle, as PyTorch wrote before 1.6')],
  [
    [0x89, 0x48, 0x44, 0x46],
    {
      is: 'an HDF5 file, as Keras writes (.h5)',
      way: /* @__PURE__ */ python(
        'import h5py; d = {}',
        "h5py.File(FILE).visititems(lambda n, x: d.update({n.replace('/', '.'): x[()]}) if hasattr(x, 'dtype') else None) or d",
        'numpy',
      ),
    },
  ],
  [
    [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59],
    {
      is: 'a NumPy array (.npy)',
      way: /* @__PURE__ */ python('import numpy', "{'weight': numpy.load(FILE)}", 'numpy'),
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
  ['{', { is: 'JSON', way: 'the weights are in another file, which the JSON may name' }],
  [[0x1f, 0x8b], { is: 'compressed by gzip', way: 'decompress it first: gunzip' }],
];

/** Whether bytes begin like ONNX: a protobuf message with a small version and a text or message. */
const isOnnx = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x08 &&
  bytes[1]! > 0 &&
  bytes[1]! < 32 &&
  [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(bytes[2]!);

/** The kind of a file, by its first 256 bytes. */
export function foreignKind(bytes: Uint8Array): Kind | undefined {
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
      way: python(
        'import onnx',
        '{t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(FILE).graph.initializer}',
        'numpy',
      ),
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
