/**
 * The images in Parquet files as Hugging Face writes them: a structure of `bytes` and `path`, and a label whose names
 * stand in the file's notes. Images that lie in the file as they are are read from there; those of packed pages are
 * unpacked once, page by page, into a temporary file. So memory holds a page, and not the images.
 */
import { LanewiseError, show } from '../base/errors.js';
import { inPieces, type RandomAccess } from '../node/random-access.js';
import type { ParquetColumn, ParquetFile } from '../formats/parquet-file.js';
import { pagesOf } from '../formats/parquet-pages.js';
import type { ImageFile } from './image-reader.js';
import { classesOf } from './label-texts.js';
import { textsOf } from './parquet-values.js';
import type { FoundImages } from './packed-images.js';
import { createSpool, type Spool } from './spool.js';

/** Which columns hold the images and their classes. */
export interface ImageColumns {
  readonly image?: string;
  readonly target?: string;
  readonly classes?: readonly string[];
}

/** The features of a file as Hugging Face's `datasets` notes them. */
type Features = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** The key under which a feature has its type. */
const TYPE = '_type';

/** The usual names of image columns, if nothing says which it is. */
const IMAGES = ['image', 'img', 'jpg', 'jpeg', 'png', 'webp'];
const LABELS = ['label', 'labels', 'target', 'class'];

/** The name of the column that holds images, if there is one. */
export function imageColumnOf({ columns, notes }: ParquetFile): string | undefined {
  const top = new Set(columns.map((column) => column.path[0]!.name));
  const noted = namesOfType(featuresIn(notes), 'Image').filter((name) => top.has(name));
  if (noted.length > 0) return noted[0];
  return IMAGES.find((name) => bytesColumn(columns, name) !== undefined);
}

/** The column of the images' bytes: of a structure, or of its own. */
function bytesColumn(columns: readonly ParquetColumn[], name: string): number | undefined {
  const place = columns.findIndex(
    (column) =>
      (column.name === `${name}.bytes` || column.name === name) &&
      column.element.type === 'BYTE_ARRAY' &&
      column.element.converted_type !== 'UTF8' &&
      !column.isList,
  );
  return place < 0 ? undefined : place;
}

function featuresIn(notes: ReadonlyMap<string, string>): Features {
  try {
    const { info } = JSON.parse(notes.get('huggingface') ?? '{}') as {
      info?: { features?: Features };
    };
    const features = info?.features;
    return typeof features === 'object' && features !== null ? features : {};
  } catch {
    return {};
  }
}

const namesOfType = (features: Features, type: string): string[] =>
  Object.keys(features).filter((name) => features[name]?.[TYPE] === type);

/** Class names of a column, as the file notes them. */
function namesOfClasses(features: Features, target: string): readonly string[] | undefined {
  const feature = Object.hasOwn(features, target) ? features[target] : undefined;
  const names = feature?.[TYPE] === 'ClassLabel' ? feature['names'] : undefined;
  const areNames = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return areNames ? (names as readonly string[]) : undefined;
}

/** The columns of one file. */
interface Columns {
  readonly bytes: number;
  readonly label: number;
  readonly image: string;
  readonly target: string;
  readonly classes: readonly string[] | undefined;
}

function columnsIn(parquet: ParquetFile, asked: ImageColumns): Columns {
  const { columns, notes, file } = parquet;
  const names = columns.map((column) => column.name).join(', ');
  const image = asked.image ?? imageColumnOf(parquet);
  const bytes = image === undefined ? undefined : bytesColumn(columns, image);
  if (image === undefined || bytes === undefined) {
    throw new LanewiseError(
      asked.image === undefined ? 'data' : 'argument',
      `'${file.name}' has no column of images${asked.image === undefined ? '' : ` '${asked.image}'`}, it has ${names}`,
      "image: 'NAME' names a column of bytes, or of a structure with a field `bytes`",
    );
  }
  const features = featuresIn(notes);
  const target = asked.target ?? usualTarget(parquet, features);
  const label = columns.findIndex((column) => column.name === target && !column.isList);
  if (label < 0 || target === undefined) {
    throw new LanewiseError(
      asked.target === undefined ? 'data' : 'argument',
      `'${file.name}' has no column ${target === undefined ? 'of classes' : `'${target}'`}, it has ${names}`,
      "target: 'NAME' names the column of classes",
    );
  }
  return { bytes, label, image, target, classes: namesOfClasses(features, target) };
}

/** The column of classes: the only one that is noted as such, or one of a usual name. */
function usualTarget({ columns, file }: ParquetFile, features: Features): string | undefined {
  const has = (name: string) => columns.some((column) => column.name === name);
  const noted = namesOfType(features, 'ClassLabel').filter(has);
  if (noted.length === 1) return noted[0];
  const usual = LABELS.find(has);
  if (noted.length < 2 || usual !== undefined) return usual;
  throw new LanewiseError(
    'data',
    `'${file.name}' has several columns of classes: ${noted.join(', ')}`,
    `target: '${noted[0]}' takes that one`,
  );
}

/** What is found file by file. */
interface Found {
  readonly spool: Spool;
  readonly lengths: number[];
  readonly starts: number[];
  /** The file of each image, or −1 for the spool. */
  readonly places: number[];
  readonly texts: string[];
}

/**
 * The images of files and where each lies.
 * @throws LanewiseError kind 'data' naming the row without image or class; kind 'file' if they cannot be unpacked.
 */
export async function findImages(
  name: string,
  shards: readonly ParquetFile[],
  asked: ImageColumns,
  memory: readonly Uint8Array[] | undefined,
): Promise<FoundImages> {
  const found: Found = { spool: createSpool(), lengths: [], starts: [], places: [], texts: [] };
  const origins: ImageFile[] = [];
  const groups: { name: string; first: number }[] = [];
  let classes = asked.classes;
  let first: Columns | undefined;
  for (const [index, shard] of shards.entries()) {
    const columns = columnsIn(shard, asked);
    first ??= columns;
    if (asked.classes === undefined) {
      if (index > 0 && String(columns.classes) !== String(classes))
        throw new LanewiseError(
          'data',
          `'${shard.file.name}' has other classes in column '${columns.target}' than '${shards[0]!.file.name}'`,
        );
      classes = columns.classes;
    }
    groups.push({ name: shard.file.name, first: found.places.length });
    origins.push(fileOf(shard.file));
    await addShard(shard, columns, index, found).catch(async (error: unknown) => {
      await found.spool.discard();
      throw error;
    });
  }
  const spooled = await found.spool.finish();
  const files = spooled ? [...origins, spooled.file] : origins;
  const { labels, classes: names } = classesOf(
    name,
    found.texts,
    classes,
    (i) => `row ${i + 1} of column '${first!.target}'`,
  );
  const parts = {
    files: Int32Array.from(found.places, (place) => (place < 0 ? origins.length : place)),
    starts: Float64Array.from(found.starts),
    lengths: Int32Array.from(found.lengths),
    groups,
  };
  const held = memory && spooled ? [...memory, await spooled.take()] : memory;
  return { name, files, parts, labels, classes: names, origins, ...(held ? { memory: held } : {}) };
}

const fileOf = ({ name, bytes, changed = 0 }: RandomAccess): ImageFile => ({
  path: name,
  bytes,
  changed,
});

async function addShard(
  shard: ParquetFile,
  columns: Columns,
  index: number,
  found: Found,
): Promise<void> {
  const { file } = shard;
  const wrong = (row: number, what: string, hint?: string) =>
    new LanewiseError('data', `'${file.name}', row ${row + 1}: ${what}`, hint);
  // A reader each, as both columns are read from end to end.
  const reading = (): ParquetFile => ({ ...shard, file: inPieces(file) });
  let row = 0;
  for await (const page of pagesOf(reading(), shard.columns[columns.bytes]!, columns.bytes)) {
    // A dictionary's values are written once, however many rows have them.
    const written = new Map<number, number>();
    for (let i = 0; i < page.count; i++, row++) {
      const place = page.places ? page.places[i]! : i;
      const value = place < 0 ? undefined : (page.values[place] as Uint8Array);
      if (!value || value.length === 0)
        throw wrong(
          row,
          `column '${columns.image}' has no image`,
          'images by path or address are not read: they have to be in the file',
        );
      let start = page.at === undefined ? written.get(place) : page.at + value.byteOffset;
      if (start === undefined) {
        start = await found.spool.add(value);
        written.set(place, start);
      }
      found.places.push(page.at === undefined ? -1 : index);
      found.starts.push(start);
      found.lengths.push(value.length);
    }
  }
  row = 0;
  for await (const page of pagesOf(reading(), shard.columns[columns.label]!, columns.label)) {
    const text = textsOf(shard.columns[columns.label]!, page);
    for (let i = 0; i < page.count; i++, row++) {
      const label = text(i);
      if (label === '' || /^-\d+$/.test(label))
        throw wrong(
          row,
          `column '${columns.target}' is ${label === '' ? 'missing' : show(Number(label))}, expected a class`,
          'such rows are not labelled: they cannot be trained on',
        );
      found.texts.push(label);
    }
  }
}
