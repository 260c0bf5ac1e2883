/** Parquet files and tar archives of the command line: one, or a folder of shards whose names may say their parts. */
import { join } from 'node:path';
import { withNames } from '../data/class-names.js';
import type { StreamedDataset } from '../data/dataset.js';
import { partOfShard, shardsAmong } from '../data/file-shards.js';
import type { PartName } from '../data/image-folder.js';
import type { ImageOptions } from '../data/image-settings.js';
import { kindOfParquet, parquetDataset, readParquetTable } from '../data/parquet-dataset.js';
import { webDataset } from '../data/web-dataset.js';
import { LanewiseError } from '../base/errors.js';
import { showShape } from '../graph/tensor.js';
import { holdOut, partsOf } from './data-paths.js';
import type { DataRequest, DataSets, ImageShape } from './data-sources.js';
import { loadTable, type LoadedTable } from './load-table.js';
import { keysFor } from './split-rule.js';

/** The parts of a source by name, where the training part is; else the whole. */
interface Shards {
  /** What is read, whole or of one part. */
  readonly path: string;
  readonly parts: ReadonlySet<PartName>;
  /** One of the files. */
  readonly first: string;
}

/** Whether a file, or one in a folder, has the extension. */
export const holdsShards = (
  path: string,
  entries: readonly string[] | undefined,
  extension: string,
): boolean =>
  entries ? shardsAmong(entries, extension).length > 0 : shardsAmong([path], extension).length > 0;

function shardsOf(path: string, entries: readonly string[] | undefined, extension: string): Shards {
  if (!entries) return { path, parts: new Set(), first: path };
  const names = shardsAmong(entries, extension);
  const found = new Set(names.flatMap((name) => partOfShard(name) ?? []));
  return { path, parts: found.has('train') ? found : new Set(), first: join(path, names[0]!) };
}

/** The default shape of images, as of those in folders. */
const DEFAULT: ImageShape = [3, 32, 32];

function imageOptions({ shape, size, fit }: DataRequest, what: string): ImageOptions {
  const [channels, height, width] = shape ?? (size === undefined ? DEFAULT : [3, size, size]);
  if (channels !== 1 && channels !== 3)
    throw new LanewiseError(
      'argument',
      `images of ${what} as ${showShape(shape!)}, expected 1 channel (grey) or 3`,
    );
  return { size: [height, width], channels, ...(fit ? { fit } : {}) };
}

/** Images, whole or part by part, whose classes are those of the training part. */
async function loadImages(
  { path, parts }: Shards,
  request: DataRequest,
  read: (split: { split?: string }) => Promise<StreamedDataset>,
): Promise<DataSets> {
  if (!parts.has('train')) return holdOut(await read({}), request);
  const part = async (name: PartName) => ({
    ...(await read({ split: name })),
    name: `${path} ${name}`,
  });
  const train = await part('train');
  const other = async (name: PartName) =>
    parts.has(name)
      ? withNames(await part(name), train.classes, `data set '${train.name}'`)
      : undefined;
  return partsOf(train, train, await other('validation'), await other('test'), request);
}

/** @throws LanewiseError as `webDataset` does. */
export async function loadArchives(
  request: DataRequest,
  path: string,
  entries?: readonly string[],
): Promise<DataSets> {
  const { target } = request;
  const options = {
    ...imageOptions(request, 'archives'),
    ...(target === undefined ? {} : { target }),
  };
  return loadImages(shardsOf(path, entries, 'tar'), request, (split) =>
    webDataset(path, { ...options, ...split }),
  );
}

/** @throws LanewiseError as `parquetDataset` does. */
export async function loadParquet(
  request: DataRequest,
  path: string,
  entries?: readonly string[],
): Promise<DataSets> {
  const shards = shardsOf(path, entries, 'parquet');
  if ((await kindOfParquet(shards.first)) === 'table') return loadRows(shards, request);
  const { target } = request;
  const options = {
    ...imageOptions(request, 'Parquet files'),
    ...(target === undefined ? {} : { target }),
  };
  return loadImages(shards, request, (split) => parquetDataset(path, { ...options, ...split }));
}

/** Rows, whole or part by part, whose columns are those of the training part. */
async function loadRows({ path, parts }: Shards, request: DataRequest): Promise<DataSets> {
  const read = (asked: DataRequest, keys?: string[], split?: PartName): Promise<LoadedTable> =>
    loadTable(path, asked, keys, (source, options, roles) =>
      readParquetTable(
        source,
        { ...(options as Parameters<typeof readParquetTable>[1]), ...(split ? { split } : {}) },
        roles,
      ),
    );
  if (!parts.has('train')) {
    const keys = keysFor(request.whole ? undefined : request.split);
    const { data, task } = await read(request, keys?.values);
    return { ...holdOut(data, request, keys), ...(task ? { task } : {}) };
  }
  const { data: train, task } = await read(request, undefined, 'train');
  const { table, classes } = train as { table?: object; classes?: readonly string[] };
  const known = { ...request.known, ...(request.known?.table ? {} : { table, classes }) };
  const other = async (name: PartName) =>
    parts.has(name)
      ? {
          ...(await read({ ...request, known: known as DataRequest['known'] }, undefined, name))
            .data,
          name: `${path} ${name}`,
        }
      : undefined;
  const named = { ...train, name: `${path} train` };
  const found = partsOf(named, named, await other('validation'), await other('test'), request);
  return { ...found, ...(task ? { task } : {}) };
}
