/**
 * Formats of files that hold tensors by name: a model's, or weights that another program wrote. A further format is a row
 * of the table; one that describes its model in its own way says it in the metadata as model files do (`architecture`, …).
 */
import { refuse, text } from '../base/check.js';
import { refuseForeign } from './foreign.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type StoredTensor,
} from './safetensors.js';

/** Tensors by name, and what a file says besides. */
export type TensorFile = Safetensors;

/** One format. */
export interface TensorFormat {
  /** In messages. */
  readonly name: string;
  /** How the names of its files end, with the dot. */
  readonly ending: string;
  /** Whether a file is of this format, by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /** @throws LanewiseError kind 'file' naming what is wrong with the file. */
  read(bytes: Uint8Array, name: string): TensorFile;
  /** Absent if such files are read only. */
  write?(
    tensors: ReadonlyMap<string, StoredTensor>,
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array;
}

/** The first is written, and read, unless a file says otherwise. */
export const TENSOR_FORMATS: readonly TensorFormat[] = [
  {
    name: 'safetensors',
    ending: '.safetensors',
    // A brace behind the header's length of 8 bytes.
    begins: (bytes) => bytes[8] === 0x7b && bytes[0] !== 0x7b,
    read: (bytes, name) => decodeSafetensors(bytes, name),
    write: encodeSafetensors,
  },
];

/**
 * The tensors of a file of any format in the table.
 * @throws LanewiseError kind 'file' for a file of a known format that is none of them, and for one that is damaged.
 */
export function readTensors(
  bytes: Uint8Array,
  name: string,
  formats: readonly TensorFormat[] = TENSOR_FORMATS,
): TensorFile {
  const [first] = formats as [TensorFormat];
  const expected = formats.map((format) => format.name).join(' or ');
  text(expected, 'name', name);
  if (!(bytes instanceof Uint8Array))
    refuse(name, 'content', bytes, `the bytes of a ${expected} file, a Uint8Array`);
  const format = formats.find((one) => one.begins(bytes));
  if (!format) refuseForeign(bytes, name, expected);
  return (format ?? first).read(bytes, name);
}

/** The format that a file of that name is written in: by its ending, else the first. */
export const writeTensors = (
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
  formats: readonly TensorFormat[] = TENSOR_FORMATS,
): Uint8Array => {
  const written = formats.filter(({ write }) => write);
  const format = written.find(({ ending }) => path.toLowerCase().endsWith(ending)) ?? written[0]!;
  return format.write!(tensors, metadata);
};
