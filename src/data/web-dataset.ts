/**
 * Image data sets in tar archives as WebDataset lays them out (Node): the files of a sample stand one behind the other
 * and have a name in common, such as `000012.jpg` and `000012.cls`. The archives are scanned once; images are read and
 * decoded when training needs them.
 */
import { listOf, text } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { inPieces, openFile, type RandomAccess } from '../node/random-access.js';
import { tarEntries, type TarEntry } from '../formats/tar.js';
import { imageSettings, type ImageOptions } from './image-settings.js';
import type { ImageFile } from './image-reader.js';
import { classesOf } from './label-texts.js';
import type { PackedDataset } from './packed-images.js';
import { shardPaths } from './file-shards.js';

/** Options for turning archives into samples. */
export interface WebDatasetOptions extends ImageOptions {
  /**
   * The file of a sample that holds its class, by extension, or a field of its JSON, such as `json.label`. Default `cls`,
   * or what the first sample has of json.label, json.cls and json.class.
   */
  readonly target?: string;
  /** Names of the classes, if they are numbers; default these numbers. */
  readonly classes?: readonly string[];
  /** The part of a folder's archives, by their names, if they are of several: `train`. */
  readonly split?: string;
  /** The name in messages; default the path. */
  readonly name?: string;
}

const IMAGES = ['jpg', 'jpeg', 'png', 'webp'];
const TARGETS = ['cls', 'json.label', 'json.cls', 'json.class'];
/** Bound on the bytes of a file that holds a class. */
const MAX_TARGET = 2 ** 20;
const MAX_SAMPLES = 2 ** 27;

/** The files of one sample, by extension. */
interface Member {
  readonly key: string;
  readonly archive: RandomAccess;
  readonly entries: ReadonlyMap<string, TarEntry>;
}

/**
 * The images of tar archives: a path, a list of paths, or a folder of them, whose names sort them. A sample has an image
 * (jpg, jpeg, png or webp) and a class: its number or its name.
 * @throws LanewiseError kind 'file' for an archive that cannot be read; kind 'data' for one that is damaged, without
 * images, or for a sample without image or class; kind 'argument' for invalid options.
 */
export async function webDataset(
  source: string | readonly string[],
  options: WebDatasetOptions,
): Promise<PackedDataset> {
  const settings = imageSettings<WebDatasetOptions>('webDataset', options, {
    target: text,
    classes: listOf(text),
    split: text,
    name: text,
  });
  if (typeof source !== 'string') listOf(text)('webDataset', 'source', source);
  const paths = await shardPaths(source, 'tar', options.split);
  const name = options.name ?? (typeof source === 'string' ? source : paths[0]!);
  const found = await scan(paths, name, options);
  const { labels, classes } = classesOf(name, found.texts, options.classes, (i) => found.names[i]!);
  // Hashes take time to load.
  const { packedDataset } = await import('./packed-images.js');
  return packedDataset({ ...found, name, labels, classes }, settings);
}

async function scan(paths: readonly string[], name: string, options: WebDatasetOptions) {
  const files: ImageFile[] = [];
  const groups: { name: string; first: number }[] = [];
  const places: { file: number; at: number; bytes: number }[] = [];
  const names: string[] = [];
  const texts: string[] = [];
  let { target } = options;
  for (const [file, path] of paths.entries()) {
    const archive = inPieces(await openFile('archive', path, path));
    try {
      groups.push({ name: path, first: places.length });
      files.push({ path, bytes: archive.bytes, changed: archive.changed ?? 0 });
      for await (const member of membersOf(archive)) {
        if (places.length === MAX_SAMPLES)
          throw new LanewiseError('data', `'${name}' has more than ${MAX_SAMPLES} samples`);
        const [extension, image] = imageOf(member);
        target ??= await targetIn(member);
        texts.push(await readTarget(member, target));
        places.push({ file, at: image.at, bytes: image.bytes });
        names.push(`${member.key}.${extension}`);
      }
    } finally {
      await archive.close();
    }
  }
  const parts = {
    files: Int32Array.from(places, (place) => place.file),
    starts: Float64Array.from(places, (place) => place.at),
    lengths: Int32Array.from(places, (place) => Math.min(place.bytes, 2 ** 31 - 1)),
    names,
    groups,
  };
  return { files, parts, names, texts };
}

/** The samples of an archive: files one behind the other whose paths are the same up to the first dot of the name. */
async function* membersOf(archive: RandomAccess): AsyncGenerator<Member> {
  let key: string | undefined;
  let entries = new Map<string, TarEntry>();
  for await (const entry of tarEntries(archive)) {
    const slash = entry.path.lastIndexOf('/') + 1;
    const dot = entry.path.indexOf('.', slash);
    // Names that begin with a dot are the system's.
    if (dot <= slash) continue;
    const own = entry.path.slice(0, dot);
    const extension = entry.path.slice(dot + 1).toLowerCase();
    if (own !== key) {
      if (key !== undefined) yield { key, archive, entries };
      [key, entries] = [own, new Map()];
    }
    if (entries.has(extension))
      throw wrong({ key: own, archive }, `it has two files .${extension}`);
    entries.set(extension, entry);
  }
  if (key !== undefined) yield { key, archive, entries };
}

const wrong = (
  { key, archive }: Pick<Member, 'key' | 'archive'>,
  what: string,
  hint?: string,
): LanewiseError => new LanewiseError('data', `'${archive.name}', sample '${key}': ${what}`, hint);

const extensionsOf = ({ entries }: Member): string =>
  [...entries.keys()].map((extension) => `.${extension}`).join(', ');

function imageOf(member: Member): readonly [extension: string, entry: TarEntry] {
  const images = [...member.entries].filter(([extension]) =>
    IMAGES.includes(extension.slice(extension.lastIndexOf('.') + 1)),
  );
  if (images.length === 1) return images[0]!;
  throw wrong(
    member,
    `it has ${images.length === 0 ? 'no image' : `${images.length} images`} (${extensionsOf(member)}), expected one of ${IMAGES.map((one) => `.${one}`).join(', ')}`,
  );
}

/** Where the first sample has its class. */
async function targetIn(member: Member): Promise<string> {
  for (const target of TARGETS) if ((await textAt(member, target)) !== undefined) return target;
  throw wrong(
    member,
    `it has no class, found ${extensionsOf(member)}`,
    "target: 'json.category' names the field of .json that is the class, target: 'txt' another file",
  );
}

async function readTarget(member: Member, target: string): Promise<string> {
  const found = await textAt(member, target);
  if (found !== undefined && found !== '') return found;
  throw wrong(member, `it has no class '${target}', found ${extensionsOf(member)}`);
}

/** The text of a file, or of a field of a JSON file; undefined if there is none. */
async function textAt(member: Member, target: string): Promise<string | undefined> {
  const [extension, field] = fieldOf(member, target);
  const entry = member.entries.get(extension);
  if (!entry) return undefined;
  if (entry.bytes > MAX_TARGET)
    throw wrong(member, `.${extension} has ${entry.bytes} bytes, expected at most ${MAX_TARGET}`);
  const bytes = await member.archive.read(entry.at, entry.bytes);
  const written = new TextDecoder().decode(bytes).trim();
  if (field === undefined) return written;
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (error) {
    throw wrong(member, `.${extension} is not JSON: ${(error as Error).message}`);
  }
  for (const key of field.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(member, `'${target}' is ${show(value)}, expected a class's number or name`);
}

/** `json.label` is the field `label` of .json, unless there is a file of that extension. */
function fieldOf({ entries }: Member, target: string): readonly [string, string | undefined] {
  const dot = target.indexOf('json.');
  if (dot < 0 || entries.has(target)) return [target.replace(/^\./, ''), undefined];
  return [target.slice(0, dot + 4), target.slice(dot + 5)];
}
