/** Data in several files, its shards: a path, a list of paths, or a folder whose files are named after their parts. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import { partOfName, type PartName } from './image-folder.js';

/** The part that a shard belongs to by its name: `train` for `train-00000-of-00002.parquet`. */
export function partOfShard(file: string): PartName | undefined {
  const word = /^[a-z]+/i.exec(file)?.[0];
  return word === undefined ? undefined : partOfName(word);
}

/** The visible files among names that end in `.extension`, sorted. */
export const shardsAmong = (names: readonly string[], extension: string): readonly string[] =>
  names
    .filter((name) => !name.startsWith('.') && name.toLowerCase().endsWith(`.${extension}`))
    .toSorted();

/**
 * The paths of the shards at a path, or of a part of those in a folder.
 * @throws LanewiseError kind 'file' if there are none; kind 'data' if a folder has several parts and none is asked for.
 */
export async function shardPaths(
  source: string | readonly string[],
  extension: string,
  part: string | undefined,
): Promise<readonly string[]> {
  if (typeof source !== 'string') return source;
  const status = await stat(source).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LanewiseError('file', `cannot read '${source}': there is no such file or folder`);
    throw fileError(`cannot read '${source}'`, error);
  });
  if (!status.isDirectory()) return [source];
  const found = await readdir(source).catch((error: unknown) => {
    throw fileError(`cannot read folder '${source}'`, error);
  });
  const names = shardsAmong(found, extension);
  const parts = [...new Set(names.flatMap((name) => partOfShard(name) ?? []))];
  if (part === undefined && parts.length > 1) {
    throw new LanewiseError(
      'data',
      `the files in '${source}' are of the parts ${parts.join(', ')}, expected one part`,
      `split: ${quote(parts[0])} takes those`,
    );
  }
  const wanted = part === undefined ? undefined : partOfName(part);
  const chosen = names.filter((name) => part === undefined || partOfShard(name) === wanted);
  checkComplete(source, chosen);
  if (chosen.length > 0) return chosen.map((name) => join(source, name));
  throw new LanewiseError(
    'file',
    `'${source}' has no .${extension} files${part === undefined ? '' : ` of the part '${part}'`}; found ${shorten(found.join(', ')) || 'nothing'}`,
  );
}

/**
 * Names such as `train-00000-of-00002.parquet` say how many there are.
 * @throws LanewiseError kind 'data' naming the first that is missing.
 */
function checkComplete(folder: string, names: readonly string[]): void {
  const series = new Map<
    string,
    { readonly file: RegExpExecArray; readonly places: Set<number> }
  >();
  for (const name of names) {
    const file = /^(.*?)(\d{1,9})-of-(\d{1,9})(.*)$/.exec(name);
    if (!file) continue;
    const key = `${file[1]} ${file[3]} ${file[4]}`;
    const { places } = series.get(key) ?? { places: new Set() };
    series.set(key, { file, places: places.add(Number(file[2])) });
  }
  for (const { file, places } of series.values()) {
    const [, before = '', place = '', count = '', after = ''] = file;
    if (places.size >= Number(count)) continue;
    let lacking = 0;
    while (places.has(lacking)) lacking++;
    const name = `${before}${String(lacking).padStart(place.length, '0')}-of-${count}${after}`;
    throw new LanewiseError(
      'data',
      `'${folder}' has ${places.size} of ${Number(count)} files, ${quote(name)} is missing`,
      'a list of paths takes those that are there',
    );
  }
}
