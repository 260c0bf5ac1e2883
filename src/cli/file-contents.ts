/**
 * What a file holds, for `lanewise inspect`, by its first bytes: a row for each kind of file. Readers of other programs'
 * files are loaded only where there is such a file.
 */
import { extname } from 'node:path';
import { shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { readHeader } from '../formats/safetensors-header.js';
import { readTensors, otherKind, TENSOR_FORMATS, type TensorFile } from '../formats/tensor-file.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { isKeras } from './keras-files.js';
import { formatCount } from './terminal.js';
import { isTfjs, isTfjsManifest, readTfjsManifest } from './tfjs-files.js';

/** What a file holds: as one JSON object, and in lines for people. */
export interface FileContents {
  readonly about: { readonly event: 'inspect'; readonly file: string; readonly holds: string };
  readonly text: string;
}

/** One row of the table. */
interface FileKind {
  /** Whether a file is of this kind, by its bytes, of which the first ones should do, or where they say nothing by its name. */
  begins(bytes: Uint8Array, path: string): boolean;
  /** @throws LanewiseError kind 'file' for a damaged file. */
  contents(path: string, bytes: Uint8Array): Promise<FileContents>;
}

/** The kinds, of which the first that fits counts; files of tensors, ours among them, are the rest. */
const KINDS: readonly FileKind[] = [
  {
    begins: isOnnx,
    contents: async (path, bytes) => (await import('./onnx-contents.js')).onnxContents(path, bytes),
  },
  { begins: isTfjs, contents: importedContents },
  { begins: isKeras, contents: importedContents },
  { begins: () => true, contents: tensorContents },
];

async function importedContents(path: string, bytes: Uint8Array): Promise<FileContents> {
  return (await import('./imported-contents.js')).importedContents(path, bytes);
}

/** @throws LanewiseError kind 'file' for a file that is damaged or of no kind in the table. */
export const contentsOf = (path: string, bytes: Uint8Array): Promise<FileContents> =>
  KINDS.find(({ begins }) => begins(bytes, path))!.contents(path, bytes);

/** By the first bytes, or, where they say nothing, by the name. */
export function isOnnx(bytes: Uint8Array, path: string): boolean {
  const kind = otherKind(bytes);
  if (kind) return kind.reader === 'lanewise/onnx';
  return extname(path).toLowerCase() === '.onnx' && bytes.length > 0 && !isText(bytes);
}

/** Whether a file holds a model in int8, by what it says of itself. */
export const isInt8 = (path: string, bytes: Uint8Array): boolean =>
  TENSOR_FORMATS[0]!.begins(bytes) && readHeader(bytes, path).metadata['lanewise'] === 'int8';

/** The first bytes of a file, for messages and to tell texts from other files. */
const startOf = (bytes: Uint8Array): string =>
  new TextDecoder('latin1').decode(bytes.subarray(0, 24));

const isText = (bytes: Uint8Array): boolean => /^[\t\n\r\x20-\x7e]*$/.test(startOf(bytes));

/**
 * The tensors of a file, for which `lanewise/import` is loaded if it is another program's.
 * @throws LanewiseError kind 'file' for an empty file, one of no known kind, and a damaged one.
 */
export async function openTensors(path: string, bytes: Uint8Array): Promise<TensorFile> {
  if (isTfjsManifest(bytes, path)) return readTfjsManifest(path, bytes);
  const kind = otherKind(bytes);
  if (kind?.reader === 'lanewise/import') await import('../import/index.js');
  if (!kind && TENSOR_FORMATS.every((format) => !format.begins(bytes))) refuseUnknown(path, bytes);
  return readTensors(bytes, path);
}

/** @throws LanewiseError kind 'file' unless the bytes may be a damaged safetensors file, which its reader tells best. */
function refuseUnknown(path: string, bytes: Uint8Array): void {
  if (bytes.length === 0)
    throw new LanewiseError(
      'file',
      `'${path}' is empty: it has no bytes, expected a model or weights`,
      'a download or an export that did not end leaves such a file: fetch or export it again',
    );
  // A header of less than 2 GiB, the length of which stands in the first 8 bytes.
  if (bytes.length >= 8 && bytes[3]! < 128 && bytes.subarray(4, 8).every((byte) => byte === 0))
    return;
  throw new LanewiseError(
    'file',
    `'${path}' is of no kind that holds a model or weights: ${bytes.length} bytes that begin with ${JSON.stringify(startOf(bytes))}`,
    'expected a model file of Lanewise or safetensors, ONNX (.onnx), PyTorch (.pt, .pth), tfjs (model.json), Keras (.keras, .h5) or NumPy (.npz)',
  );
}

async function tensorContents(path: string, bytes: Uint8Array): Promise<FileContents> {
  const file = await openTensors(path, bytes);
  if (file.metadata['lanewise'] === undefined) {
    const about = weightsIn(path, file);
    return { about, text: weightsTable(about) };
  }
  if (isInt8(path, bytes)) return (await import('./int8-contents.js')).int8Contents(path, bytes);
  const { modelContents } = await import('./inspect-file.js');
  return modelContents(path, bytes, file);
}

/** The tensors of another program's file. */
function weightsIn(path: string, { tensors, others, integers, metadata, notes }: TensorFile) {
  const list = [...tensors].map(([name, { shape }]) => ({ name, shape }));
  return {
    event: 'inspect' as const,
    file: path,
    holds: 'weights' as const,
    parameters: list.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    tensors: list,
    /** Of types that are read only as far as a model needs them. */
    others: [...new Set([...others.keys(), ...integers.keys()])],
    metadata: Object.keys(metadata),
    ...(notes && notes.length > 0 ? { notes } : {}),
  };
}

function weightsTable({
  file,
  parameters,
  tensors,
  others,
  notes = [],
}: ReturnType<typeof weightsIn>): string {
  const names = [...tensors.map(({ name }) => name), ...others].map((name) => shorten(name, 80));
  const rows = [
    ...tensors.map(({ shape }) => showShape(shape)),
    ...others.map(() => 'not of floats'),
  ];
  const width = names.reduce((most, name) => Math.max(most, name.length), 0) + 2;
  return [
    `${file}: weights of another program, ${tensors.length} tensors, ${formatCount(parameters)} numbers`,
    '',
    ...rows.map((row, i) => `  ${names[i]!.padEnd(width)}${row}`),
    '',
    ...notes,
    'train MODEL --weights this file begins with them; --weights reads the names that its layers have',
  ].join('\n');
}
