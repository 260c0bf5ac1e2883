/**
 * The table of file formats that hold tensors by name, for models and for other programs' weights. A new format is a
 * new row; a format with its own model description converts it to the metadata of model files (`architecture`, …).
 */
import { refuse, text } from '../base/check.js';
import { foreignKind, refuseForeign, type ForeignKind } from './foreign.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type StoredTensor,
} from './safetensors.js';

/** Tensors by name, and the file's other contents. */
export interface TensorFile extends Safetensors {
  /** What was done to read them, in sentences, such as which part of a checkpoint they are; default none. */
  readonly notes?: readonly string[];
}

/** One row of the table. */
export interface TensorFormat {
  /** The name in messages. */
  readonly name: string;
  /** The ending of its files' names, with the dot. */
  readonly ending: string;
  /** Whether a file has this format, by its first bytes. */
  begins(bytes: Uint8Array): boolean;
  /** @throws LanewiseError kind 'file' naming the fault in the file. */
  read(bytes: Uint8Array, name: string): TensorFile;
  /** Absent for formats that are only read. */
  write?(
    tensors: ReadonlyMap<string, StoredTensor>,
    metadata: Readonly<Record<string, string>>,
  ): Uint8Array;
}

/** The formats; the first is the default for writing and reading. `lanewise/import` adds those of other programs. */
const formatsRead: TensorFormat[] = [
  {
    name: 'safetensors',
    ending: '.safetensors',
    // A brace after the header's length of 8 bytes.
    begins: (bytes) => bytes[8] === 0x7b && bytes[0] !== 0x7b,
    read: (bytes, name) => decodeSafetensors(bytes, name),
    write: encodeSafetensors,
  },
];

export const TENSOR_FORMATS: readonly TensorFormat[] = formatsRead;

/** Adds a format to the table, once for each name: every function that takes a file of tensors reads it from now on. */
export function addTensorFormat(format: TensorFormat): void {
  if (formatsRead.every(({ name }) => name !== format.name)) formatsRead.push(format);
}

/** The kind of a file of none of the table's formats, if its first bytes say it. */
export const otherKind = (bytes: Uint8Array): ForeignKind | undefined =>
  formatsRead.some((format) => format.begins(bytes)) ? undefined : foreignKind(bytes);

/**
 * The tensors of a file of any format in the table.
 * @throws LanewiseError kind 'file' for a file of another known format, or a damaged one.
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

/** Writes in the format of the file name's ending, by default the first. */
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
