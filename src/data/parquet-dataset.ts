/**
 * Data sets from Parquet files (Node): tables, and images as Hugging Face writes them. hyparquet reads them, and is
 * loaded only here.
 */
import { isObject, listOf, refuse, text, type Check } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { openFile, type RandomAccess } from '../node/random-access.js';
import type { ParquetFile } from '../formats/parquet-file.js';
import { checkCsvOptions, type CsvOptions, type RecordSource } from './csv-table.js';
import {
  readDataset,
  SAMPLE_CHECKS,
  type CsvDatasetOptions,
  type FeatureDataset,
  type TableDataset,
} from './csv-dataset.js';
import { readSource, sourceName, type FileSource } from './file-source.js';
import { imageSettings, type ImageOptions } from './image-settings.js';
import type { PackedDataset } from './packed-images.js';
import { shardPaths } from './file-shards.js';

/** A file, several files of the same columns, or a folder of them. */
export type ParquetSource = FileSource | readonly string[];

/** Options for turning the rows of a table into samples and targets: those of CSV that files of types leave open. */
export interface ParquetTableOptions extends Omit<
  CsvDatasetOptions,
  'delimiter' | 'header' | 'missingTexts'
> {
  /** Texts that mean missing besides gaps; default none. */
  readonly missingTexts?: readonly string[];
  /** The part of a folder's files, by their names, if they are of several: `train`. */
  readonly split?: string;
}

/** Options for turning the images in files into samples. */
export interface ParquetImageOptions extends ImageOptions {
  /** The column of images; default the one that the file notes, or `image`, `img` …. */
  readonly image?: string;
  /** The column of classes; default the only one that the file notes, or `label`. */
  readonly target?: string;
  /** Names of the classes, if they are numbers; default those that the file notes, or the numbers. */
  readonly classes?: readonly string[];
  readonly split?: string;
  /** The name in messages; default the path. */
  readonly name?: string;
}

/**
 * The rows of Parquet files: samples of features, as `csvDataset` makes them, or with `size` their images, which are
 * read when training needs them. A source is a path, bytes, a Blob, a list of paths (shards), or a folder.
 * @throws LanewiseError kind 'data' naming file, column and row of what is damaged, missing or not read; kind 'file' if
 * a file cannot be read; kind 'argument' for columns that do not exist, and for invalid options.
 */
export async function parquetDataset(
  source: ParquetSource,
  options: ParquetImageOptions,
): Promise<PackedDataset>;
export async function parquetDataset(
  source: ParquetSource,
  options: ParquetTableOptions & { readonly target: string | number },
): Promise<FeatureDataset>;
export async function parquetDataset(
  source: ParquetSource,
  options: ParquetTableOptions,
): Promise<TableDataset>;
export async function parquetDataset(
  source: ParquetSource,
  options: ParquetImageOptions | ParquetTableOptions,
): Promise<PackedDataset | TableDataset> {
  return isOfImages(options)
    ? readImages(source, options)
    : ((await readParquetTable(source, options, {})) as TableDataset);
}

/** The options that each kind has to itself tell which of them is meant. */
const isOfImages = (options: object): options is ParquetImageOptions =>
  typeof options === 'object' &&
  options !== null &&
  ['size', 'image', 'channels', 'fit', 'classes', 'maxPixels'].some((name) => name in options);

async function readImages(
  source: ParquetSource,
  options: ParquetImageOptions,
): Promise<PackedDataset> {
  const settings = imageSettings<ParquetImageOptions>('parquetDataset', options, {
    image: text,
    target: text,
    classes: listOf(text),
    split: text,
    name: text,
  });
  const { findImages } = await import('./parquet-images.js');
  const { packedDataset } = await import('./packed-images.js');
  return withFiles(source, options, async (name, shards, memory) =>
    packedDataset(await findImages(name, shards, options, memory), settings),
  );
}

const TABLE_CHECKS: Readonly<Record<string, Check | true>> = { ...SAMPLE_CHECKS, split: text };

/** `parquetDataset` of a table, with what the command line also needs of it. */
export async function readParquetTable(
  source: ParquetSource,
  options: ParquetTableOptions,
  roles: Parameters<typeof readDataset>[2],
) {
  for (const name of ['header', 'delimiter'])
    if (isObject(options) && options[name] !== undefined)
      refuse('parquetDataset', name, options[name], 'nothing: Parquet files name their columns');
  checkCsvOptions(options as CsvOptions, 'parquetDataset', TABLE_CHECKS);
  if (options.target === undefined)
    refuse('parquetDataset', 'target', undefined, 'the column to predict, by its name or place');
  const { split: _, missingTexts = [], ...others } = options;
  const { datesIn, recordsOf } = await import('./parquet-table.js');
  return withFiles(source, options, async (name, shards) => {
    const columns = { ...(roles.known ? {} : datesIn(shards[0]!)), ...options.columns };
    const records = recordsOf(shards, columns);
    const read = { ...others, columns, name, header: true, missingTexts: ['', ...missingTexts] };
    try {
      return await readDataset({ name, records }, read, roles);
    } catch (error) {
      throw error instanceof LanewiseError ? ofRows(error) : error;
    }
  });
}

/** An error about lines as one about rows. */
function ofRows({ kind, message, hint, cause }: LanewiseError): LanewiseError {
  const said = message.replace(/\bline (?=\d)/, 'row ');
  return new LanewiseError(kind, said, hint, { cause });
}

/** The records of a table, the first with the names of its columns, while its files are open. */
export const withParquetRecords = async <T>(
  path: string,
  use: (records: RecordSource['records']) => Promise<T>,
): Promise<T> => {
  const { recordsOf } = await import('./parquet-table.js');
  return withFiles(path, {}, (_, shards) => use(recordsOf(shards)));
};

/** What a file holds: images, or a table. */
export async function kindOfParquet(path: string): Promise<'images' | 'table'> {
  const { imageColumnOf } = await import('./parquet-images.js');
  return withFiles(path, {}, async (_, [first]) => (imageColumnOf(first!) ? 'images' : 'table'));
}

/** Opens the files of a source; they are closed afterwards. */
async function withFiles<T>(
  source: ParquetSource,
  { split, name: given }: { readonly split?: string; readonly name?: string },
  use: (
    name: string,
    shards: readonly ParquetFile[],
    memory: readonly Uint8Array[] | undefined,
  ) => Promise<T>,
): Promise<T> {
  if (Array.isArray(source)) listOf(text)('parquetDataset', 'source', source);
  const { readFooter } = await import('../formats/parquet-file.js');
  const files: RandomAccess[] = [];
  let memory: readonly Uint8Array[] | undefined;
  try {
    if (typeof source === 'string' || Array.isArray(source)) {
      for (const path of await shardPaths(source as string, 'parquet', split))
        files.push(await openFile('Parquet', path, path));
    } else {
      memory = [await readSource('Parquet', source as FileSource)];
      const name = sourceName(source as FileSource, 'parquet');
      files.push(await openFile('Parquet', memory[0]!, name));
    }
    const shards: ParquetFile[] = [];
    for (const file of files) shards.push(await readFooter(file));
    const name = given ?? (typeof source === 'string' ? source : files[0]!.name);
    return await use(name, shards, memory);
  } finally {
    for (const file of files) await file.close();
  }
}
