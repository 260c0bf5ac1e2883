/** The images that arguments name: files, folders with all below them, and standard input. */
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import { readNamedFile } from '../node/files.js';

/** An image that can be read, or the reason why it cannot; `name` is its path. */
export interface ImageFile {
  readonly name: string;
  /** @throws LanewiseError kind 'file'. */
  read(): Promise<Uint8Array>;
}

const EXTENSIONS = ['.png', '.jpg', '.jpeg', '.webp'];
/** An image on standard input is at most this long; a list of file names has no limit. */
const MAX_BYTES = 2 ** 28;
/** A path has at most 4096 bytes on any system: a longer line is not a path. */
const MAX_PATH = 4096;

/**
 * The images of the arguments one after another; those below folders in the order of the names. `-` is
 * standard input: one image, or the paths of images one a line, as its first bytes tell. The `read` of a file that
 * cannot be found throws.
 */
export async function* imageFiles(
  paths: readonly string[],
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImageFile> {
  for (const path of paths) {
    if (path === '-') yield* imagesOfInput(input);
    else yield* imagesOfPath(path);
  }
}

async function* imagesOfPath(path: string): AsyncGenerator<ImageFile> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    yield fileAt(path);
    return;
  }
  let count = 0;
  for await (const file of below(path)) {
    count++;
    yield file;
  }
  if (count === 0) {
    yield failing(
      path,
      new LanewiseError('file', `folder '${path}' holds no images (${EXTENSIONS.join(', ')})`),
    );
  }
}

const fileAt = (name: string): ImageFile => ({ name, read: () => readNamedFile('image', name) });

const failing = (name: string, error: LanewiseError): ImageFile => ({
  name,
  read: () => Promise.reject(error),
});

/** Folders that are links are left out, because they may form a cycle. */
async function* below(folder: string): AsyncGenerator<ImageFile> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield failing(folder, fileError(`cannot read folder '${folder}'`, error));
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path);
    else if (EXTENSIONS.includes(extname(entry.name).toLowerCase())) yield fileAt(path);
  }
}

async function* imagesOfInput(input: AsyncIterable<Uint8Array>): AsyncGenerator<ImageFile> {
  const chunks = input[Symbol.asyncIterator]();
  // Enough bytes to tell, even if they come one by one.
  let head: Uint8Array = new Uint8Array();
  while (head.length < 16) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value as Uint8Array]);
  }
  if (head.length === 0) {
    yield failing('-', new LanewiseError('file', 'standard input is empty'));
    return;
  }
  const rest = { [Symbol.asyncIterator]: () => chunks };
  if (isBinary(head)) yield { name: '-', read: () => readAll(head, rest) };
  else for await (const path of lines(head, rest)) yield* imagesOfPath(path);
}

/** Images of every kind have such bytes near the beginning; names of files do not. */
const isBinary = (head: Uint8Array): boolean =>
  head.subarray(0, 16).some((byte) => byte < 0x09) || head[0] === 0xff || head[0] === 0x89;

async function readAll(head: Uint8Array, rest: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts = [head];
  let length = head.length;
  for await (const chunk of rest) {
    length += chunk.length;
    if (length > MAX_BYTES)
      throw new LanewiseError(
        'file',
        `standard input is longer than the ${MAX_BYTES} bytes of any image`,
      );
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

async function* lines(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  function* whole(): Generator<string> {
    const found = text.split('\n');
    text = found.pop()!;
    for (const line of found) {
      const path = line.replace(/\r$/, '');
      if (path !== '') yield path;
    }
    if (text.length > MAX_PATH)
      throw new LanewiseError(
        'file',
        `standard input has a line of more than ${MAX_PATH} characters: it is neither an image nor a list of paths`,
      );
  }
  text += decoder.decode(head, { stream: true });
  yield* whole();
  for await (const chunk of rest) {
    text += decoder.decode(chunk, { stream: true });
    yield* whole();
  }
  text += `${decoder.decode()}\n`;
  yield* whole();
}
