/** Texts with one class each: folders of text files, and columns of CSV files and JSON lines. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { quote, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import type { Dataset } from '../data/dataset.js';
import { sourceInPieces } from '../data/file-source.js';
import type { PartName } from '../data/image-folder.js';
import { bagsOf, bagVocabulary, type TextUnit } from '../data/text-bags.js';
import { featuresFor, fingerprintOf, textDataset } from '../data/text-dataset.js';
import { csvRecords } from '../formats/csv.js';
import { jsonRecords } from '../formats/json-lines.js';
import { decodeUtf8, type TextSource } from '../formats/utf8.js';
import { fileError } from '../node/atomic.js';
import { cannotRead } from '../node/files.js';
import { holdOut } from './data-paths.js';
import type { DataRequest, PartsOf } from './data-sources.js';
import { isQuantity } from './tables.js';
import type { Task } from './task.js';

const TASK: Task = { kind: 'texts', unit: 'texts' };

/** Texts with the names of their classes. */
export interface NamedTexts {
  readonly texts: readonly string[];
  readonly labels: readonly string[];
  /** Where they come from, in messages. */
  readonly files?: readonly string[];
}

/** Most characters of all texts together, and most files. */
const MOST_CHARACTERS = 2 ** 28;
const MOST_FILES = 2 ** 20;

export const isJsonLines = (path: string): boolean => /\.(jsonl|ndjson)$/i.test(path);

/** The rows of a CSV file, or the objects of JSON lines, as records of which the first names the columns. */
export function recordsOf(path: string): ReturnType<typeof jsonRecords> {
  if (isJsonLines(path)) return jsonRecords(sourceInPieces('JSON lines', path), path);
  const delimiter = /\.tsv$/i.test(path) ? '\t' : ',';
  return csvRecords(sourceInPieces('CSV', path), path, delimiter) as ReturnType<typeof jsonRecords>;
}

/**
 * The texts of one column, and the classes of another: the last one besides it, unless it is named.
 * @throws LanewiseError kind 'data' for columns that do not exist, a text without a class, and a file without rows.
 */
export async function textColumn(
  path: string,
  column: string,
  target: string | undefined,
  needsClass = true,
): Promise<NamedTexts & { readonly target: string | undefined }> {
  const texts: string[] = [];
  const labels: string[] = [];
  let places: readonly [text: number, label: number] | undefined;
  let name: string | undefined;
  let length = 0;
  for await (const { line, fields } of recordsOf(path)) {
    if (!places) {
      const names = fields.map((field) => field.trim());
      const others = names.filter((one) => one !== column);
      name = target ?? (needsClass ? others.at(-1) : undefined);
      places = [placeIn(path, names, column), name === undefined ? -1 : placeIn(path, names, name)];
      if (needsClass && (name === undefined || name === column))
        throw new LanewiseError(
          'data',
          `'${path}' has no column of classes besides '${column}'`,
          '--target names it',
        );
      continue;
    }
    const [at, of] = places;
    const text = fields[at] ?? '';
    const label = of < 0 ? '' : (fields[of] ?? '').trim();
    if (of >= 0 && label === '')
      throw new LanewiseError(
        'data',
        `'${path}' line ${line}, column '${name}': the class is missing`,
        'take the line out, or write its class',
      );
    length += text.length;
    if (length > MOST_CHARACTERS)
      throw new LanewiseError(
        'data',
        `'${path}' has more than ${MOST_CHARACTERS} characters of text`,
      );
    texts.push(text);
    labels.push(label);
  }
  if (texts.length === 0) throw new LanewiseError('data', `'${path}' has no rows`);
  return { texts, labels, target: name };
}

function placeIn(path: string, names: readonly string[], column: string): number {
  const place = names.indexOf(column);
  if (place >= 0) return place;
  throw new LanewiseError(
    'data',
    `'${path}' has no column ${quote(column)}; it has ${shorten(names.join(', '))}`,
    nearest(column, names),
  );
}

const isText = (name: string): boolean => extname(name).toLowerCase() === '.txt';

const IMAGE = /\.(png|jpe?g|webp)$/i;

/** Whether a folder holds text files and no images: the first of its classes says so. */
export async function isTextFolder(path: string): Promise<boolean> {
  let folder = path;
  for (let depth = 0; depth < 3; depth++) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
    if (files.length > 0 && depth > 0)
      return files.some(({ name }) => isText(name)) && !files.some(({ name }) => IMAGE.test(name));
    const next = entries.find((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
    if (!next) return false;
    folder = join(folder, next.name);
  }
  return false;
}

/** The texts of `path/class/name.txt`, classes and files in the order of their names. */
export async function textsIn(path: string): Promise<NamedTexts> {
  const [texts, labels, files]: [string[], string[], string[]] = [[], [], []];
  let length = 0;
  for (const label of await foldersIn(path)) {
    const entries = (await entriesOf(join(path, label))).filter(isText);
    if (entries.length === 0)
      throw new LanewiseError('file', `class '${label}' of '${path}' has no texts (.txt)`);
    for (const entry of entries) {
      const file = join(path, label, entry);
      const text = await readWhole(file);
      length += text.length;
      if (length > MOST_CHARACTERS || files.length === MOST_FILES)
        throw new LanewiseError(
          'data',
          `'${path}' has more than ${MOST_CHARACTERS} characters in ${MOST_FILES} files`,
        );
      texts.push(text);
      labels.push(label);
      files.push(file);
    }
  }
  if (texts.length === 0)
    throw new LanewiseError('file', `'${path}' has no folders, expected one for each class`);
  return { texts, labels, files };
}

async function* once(bytes: Uint8Array): TextSource {
  yield bytes;
}

/** @throws LanewiseError kind 'data' for bytes that are no UTF-8 text. */
export async function readWhole(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw cannotRead('text', file, error);
  });
  let text = '';
  for await (const part of decodeUtf8(once(bytes), file)) text += part;
  return text;
}

async function entriesOf(path: string): Promise<string[]> {
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(`cannot read folder '${path}'`, error);
  });
  return names.filter((name) => !name.startsWith('.')).toSorted();
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted();
}

/** A folder of texts, one folder in it a class, or train, val and test with such folders. */
export async function loadTextFolder(
  request: DataRequest,
  path: string,
  parts: { readonly [part in PartName]?: string } | undefined,
): Promise<PartsOf<Dataset>> {
  if (parts?.train === undefined) return divided(path, await textsIn(path), request, {});
  const train = await textsIn(join(path, parts.train));
  const way = wayFor(train.texts, request);
  const classes = classesOf(train.labels);
  const read = (texts: NamedTexts, part: string) => rowsOf(`${path} ${part}`, texts, way, classes);
  const trained = read(train, parts.train);
  const other = async (part: string | undefined) =>
    part === undefined ? undefined : read(await textsIn(join(path, part)), part);
  const [validation, test] = [await other(parts.validation), await other(parts.test)];
  if (validation) return { train: trained, validation, test: test ?? validation, task: TASK };
  if (test) return { train: trained, test, task: TASK };
  return divided(path, train, request, {});
}

/** @throws LanewiseError kind 'argument' for numbers or several labels, which are not predicted from texts. */
function checkAsked(path: string, { task, intervals }: DataRequest): void {
  const asked = intervals
    ? '--intervals'
    : task === undefined || task === 'classes'
      ? undefined
      : `--task ${task}`;
  if (asked === undefined) return;
  throw new LanewiseError(
    'argument',
    `${asked} does not go with texts: a model of '${path}' tells classes apart`,
    `leave ${asked} out, or --text, for columns of numbers`,
  );
}

/** The texts of a column, with the classes of another. */
export async function loadTextTable(request: DataRequest, path: string): Promise<PartsOf<Dataset>> {
  checkAsked(path, request);
  const column = request.text ?? request.known?.text?.column;
  const found = await textColumn(path, column!, request.target ?? request.known?.text?.target);
  const { target } = found;
  return divided(path, found, request, {
    column: column!,
    ...(target === undefined ? {} : { target }),
  });
}

/** How texts become rows. */
interface Way {
  readonly by: TextUnit;
  readonly vocabulary: readonly string[];
}

/** The way of the model that the request names, or that of the texts to train on. */
function wayFor(texts: readonly string[], { known, tokens }: DataRequest): Way {
  const { vocabulary, text } = known ?? {};
  if (vocabulary && text?.by) return { by: text.by, vocabulary };
  const by = tokens ?? 'words';
  return { by, vocabulary: bagVocabulary(texts, by, featuresFor(texts.length)) };
}

/** Classes in order, by value if all are numbers. */
function classesOf(labels: readonly string[]): string[] {
  const names = [...new Set(labels)].toSorted();
  return names.every((name) => name.trim() !== '' && Number.isFinite(Number(name)))
    ? names.toSorted((a, b) => Number(a) - Number(b))
    : names;
}

/** @throws LanewiseError kind 'data' for so many different numbers that they are a quantity, which texts do not predict. */
function checkClasses(
  name: string,
  column: string | undefined,
  classes: readonly string[],
  texts: number,
): void {
  if (column === undefined || !isQuantity(classes.map(Number), texts)) return;
  throw new LanewiseError(
    'data',
    `'${name}': column '${column}' holds ${classes.length} different numbers from ${classes[0]} to ${classes.at(-1)} in ${texts} texts, a quantity rather than classes`,
    'a model of texts tells classes apart: --target names a column of them, or write words for ranges of the numbers',
  );
}

const rowsOf = (
  name: string,
  { texts, labels }: NamedTexts,
  { by, vocabulary }: Way,
  classes: readonly string[],
): Dataset => textDataset({ name, texts, labels, by, vocabulary, classes });

/** Texts divided into parts, with the vocabulary of those to train on alone. */
function divided(
  name: string,
  { texts, labels: names, files: paths }: NamedTexts,
  request: DataRequest,
  columns: { readonly column?: string; readonly target?: string },
): PartsOf<Dataset> {
  const classes = classesOf(names);
  checkClasses(name, columns.target, classes, texts.length);
  const labels = Int32Array.from(names, (label) => classes.indexOf(label));
  // Samples that are their own places, until it is known which of them are trained on.
  const samples = Float32Array.from(texts, (_, place) => place);
  const origin = {
    samples: texts.length,
    fingerprint: fingerprintOf(texts, names),
    selections: [],
  };
  const files = texts.map((_, i) => ({ path: paths?.[i] ?? `${name} row ${i + 1}` }));
  const fields = { name, shape: [1, 1, 1] as const, classes, samples, labels, origin, files };
  const whole: Dataset = fields;
  const { train, test, ...others } = holdOut(whole, request);
  const textsOf = (part: Dataset) => Array.from(part.samples, (place) => texts[place]!);
  const way = wayFor(textsOf(train), request);
  const asRows = (part: Dataset): Dataset => ({
    ...part,
    shape: [way.vocabulary.length, 1, 1],
    samples: bagsOf(textsOf(part), way.by, way.vocabulary),
    vocabulary: way.vocabulary,
    text: { length: way.vocabulary.length, by: way.by, ...columns },
  });
  const trained = asRows(train);
  return { ...others, train: trained, test: test === train ? trained : asRows(test), task: TASK };
}
