/**
 * Data sets from folders of images, one folder per class, as in torchvision's ImageFolder (Node). The folder is scanned
 * immediately; images are read and decoded when training needs them.
 */
import { listOf, quote, shorten, text } from '../base/check.js';
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import { imageSettings, type ImageOptions, type ImageSettings } from './image-settings.js';
import type { ImageFile, ImageReaderSettings } from './image-reader.js';
import { checksumOfText } from './origin.js';
import type { StreamedDataset } from './dataset.js';

/** Options for turning files into samples of one size. */
export interface ImageFolderOptions extends ImageOptions {
  /** Default png, jpg, jpeg and webp; other files are skipped. A file's first bytes determine its type. */
  readonly extensions?: readonly string[];
}

/** The images of a folder; sample i is `files[i]`. */
export interface ImageFolder extends StreamedDataset {
  readonly files: readonly ImageFile[];
  /** SHA-256 of the names, sizes and times of all files and of the settings for reading them. */
  readonly fingerprint: string;
}

const EXTENSIONS = ['png', 'jpg', 'jpeg', 'webp'];
/** Largest depth of nested folders: more is a mistake. */
const MAX_DEPTH = 32;
/** Names of folders that contain class folders. */
const PARTS = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation', 'dev'],
  test: ['test', 'testing'],
} as const;

export type PartName = keyof typeof PARTS;

/** The part of a data set that a folder of that name holds, if it is not a class. */
export function partOfName(name: string): PartName | undefined {
  const lower: string = name.toLowerCase();
  const parts = Object.keys(PARTS) as PartName[];
  return parts.find((part) => (PARTS[part] as readonly string[]).includes(lower));
}

/** Number of files examined at the same time. */
const AT_ONCE = 64;

/**
 * The images below `path`: `path/class/name.png`, in deeper folders too. Classes are the folders' names, sorted by code
 * points; so are the files. Names that begin with a dot are skipped.
 * @throws LanewiseError kind 'file' for a folder that cannot be read, without classes, with a class without images, or
 * with a symbolic link in it; kind 'data' where folders are parts (`train`, `val`, `test`); kind 'argument' for invalid
 * options.
 */
export async function imageFolder(path: string, options: ImageFolderOptions): Promise<ImageFolder> {
  const { shape, fit, extensions, maxPixels } = readOptions(options);
  text('imageFolder', 'path', path);
  const root = resolve(path);
  const entries = await list(root);
  const classes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (classes.length === 0) {
    throw new LanewiseError(
      'file',
      `'${path}' has no folders, expected one for each class; found ${describe(entries)}`,
    );
  }
  if (classes.every((name) => partOfName(name) !== undefined)) {
    throw new LanewiseError(
      'data',
      `the folders in '${path}' are ${shorten(classes.map(quote).join(', '))}: parts of a data set, expected classes`,
      `read one part at a time, such as imageFolder(${quote(join(path, classes.find((name) => partOfName(name) === 'train') ?? classes[0]!))}, …); rename them if they are classes`,
    );
  }
  const found = [];
  for (const name of classes) found.push(await filesOf(root, name, extensions));
  const files = found.flat();
  const labels = new (classes.length > 256 ? Int32Array : Uint8Array)(files.length);
  let at = 0;
  found.forEach((list, label) => {
    labels.fill(label, at, at + list.length);
    at += list.length;
  });
  // Codecs and hashes take time to load, so they are loaded only for folders.
  const { createReader } = await import('./image-reader.js');
  const settings: ImageReaderSettings = { root, files, shape, fit, maxPixels };
  return {
    name: basename(root),
    shape,
    classes,
    labels,
    files,
    fit,
    fingerprint: await fingerprintOf(settings),
    // Names and sizes only: a copy of the folder has other times.
    origin: {
      samples: files.length,
      fingerprint: checksumOfText(files.map(({ path, bytes }) => `${path} ${bytes}`).join('\n')),
      selections: [],
    },
    reader: {
      ...createReader(settings),
      module: { url: new URL('../../workers/image-reader.js', import.meta.url).href, settings },
    },
  };
}

interface CheckedOptions extends ImageSettings {
  /** With their dots, in lower case. */
  readonly extensions: readonly string[];
}

function readOptions(options: ImageFolderOptions): CheckedOptions {
  const settings = imageSettings<ImageFolderOptions>('imageFolder', options, {
    extensions: listOf(text),
  });
  const { extensions = EXTENSIONS } = options;
  const dotted = extensions.map((name) => `.${name.toLowerCase().replace(/^\./, '')}`);
  return { ...settings, extensions: dotted };
}

/** Order by code points, as Python sorts: the order of UTF-8's bytes. */
const byCodePoints = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A folder's visible entries, sorted. @throws LanewiseError kind 'file', also for a link among them. */
async function list(path: string): Promise<Dirent[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    throw fileError(`cannot read folder '${path}'`, error);
  }
  const link = entries.find((entry) => entry.isSymbolicLink());
  if (link) {
    throw new LanewiseError(
      'file',
      `'${join(path, link.name)}' is a symbolic link, expected files and folders alone`,
      'a link can lead out of the folder: put the images themselves there',
    );
  }
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((a, b) => byCodePoints(a.name, b.name));
}

/** The images of a class: folder by folder in the order of their paths, as torchvision walks them. */
async function filesOf(
  root: string,
  name: string,
  extensions: readonly string[],
): Promise<ImageFile[]> {
  const paths: string[] = [];
  const others: Dirent[] = [];
  const folders = [name];
  for (let i = 0; i < folders.length; i++) {
    if (folders[i]!.split('/').length > MAX_DEPTH) {
      throw new LanewiseError(
        'file',
        `'${join(root, folders[i]!)}' is more than ${MAX_DEPTH} folders deep`,
      );
    }
    for (const entry of await list(join(root, folders[i]!))) {
      const path = `${folders[i]}/${entry.name}`;
      const isImage = extensions.some((end) => entry.name.toLowerCase().endsWith(end));
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && isImage) paths.push(path);
      else others.push(entry);
    }
  }
  if (paths.length === 0) {
    throw new LanewiseError(
      'file',
      `class '${name}' of '${root}' has no images (${extensions.join(', ')}); found ${describe(others)}`,
    );
  }
  const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
  paths.sort((a, b) => byCodePoints(folderOf(a), folderOf(b)) || byCodePoints(a, b));
  const files: ImageFile[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = paths.slice(at, at + AT_ONCE);
    files.push(...(await Promise.all(some.map((path) => lookAt(root, path)))));
  }
  return files;
}

async function lookAt(root: string, path: string): Promise<ImageFile> {
  try {
    const { size, mtimeMs } = await lstat(join(root, path));
    return { path, bytes: size, changed: mtimeMs };
  } catch (error) {
    throw fileError(`cannot read '${join(root, path)}'`, error);
  }
}

/** `3 files (notes.txt, …)`. */
function describe(entries: readonly Dirent[]): string {
  if (entries.length === 0) return 'nothing';
  const names = entries.slice(0, 3).map(({ name }) => name);
  if (entries.length > 3) names.push('…');
  return `${entries.length} ${entries.length === 1 ? 'file' : 'files'} (${names.join(', ')})`;
}

async function fingerprintOf({ files, shape, fit }: ImageReaderSettings): Promise<string> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ shape, fit }));
  for (const { path, bytes, changed } of files) {
    hash.update(`\n${JSON.stringify(path)} ${bytes} ${changed}`);
  }
  return hash.digest('hex');
}
