/**
 * What a file holds, for `lanewise inspect`, by its first bytes: a row for each kind of file. Readers of other programs'
 * files are loaded only where there is such a file.
 */
import { extname } from 'node:path';
import { readTensors, otherKind, type TensorFile } from '../formats/tensor-file.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { isKeras } from './keras-files.js';
import { formatCount } from './terminal.js';
import { isTfjs } from './tfjs-files.js';

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
  return kind ? kind.reader === 'lanewise/onnx' : extname(path).toLowerCase() === '.onnx';
}

/** The tensors of a file, for which `lanewise/import` is loaded if it is another program's. */
export async function openTensors(path: string, bytes: Uint8Array): Promise<TensorFile> {
  if (otherKind(bytes)?.reader === 'lanewise/import') await import('../import/index.js');
  return readTensors(bytes, path);
}

async function tensorContents(path: string, bytes: Uint8Array): Promise<FileContents> {
  const file = await openTensors(path, bytes);
  if (file.metadata['lanewise'] === undefined) {
    const about = weightsIn(path, file);
    return { about, text: weightsTable(about) };
  }
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
  const names = [...tensors.map(({ name }) => name), ...others];
  const width = names.reduce((most, name) => Math.max(most, name.length), 0) + 2;
  return [
    `${file}: weights of another program, ${tensors.length} tensors, ${formatCount(parameters)} numbers`,
    '',
    ...tensors.map(({ name, shape }) => `  ${name.padEnd(width)}${showShape(shape)}`),
    ...others.map((name) => `  ${name.padEnd(width)}not of floats`),
    '',
    ...notes,
    'train MODEL --weights this file begins with them; --weights reads the names that its layers have',
  ].join('\n');
}
