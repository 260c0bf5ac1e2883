/** Text files for models that write: windows of their characters, with parts one after the other. */
import { basename } from 'node:path';
import type { TensorDataset } from '../data/dataset.js';
import { sourceInPieces } from '../data/file-source.js';
import { checksumOfText, type Selection } from '../data/origin.js';
import { textWindows, vocabularyOf } from '../data/text.js';
import { LanewiseError } from '../base/errors.js';
import { decodeUtf8 } from '../formats/utf8.js';
import type { DataRequest, PartsOf } from './data-sources.js';
import type { Task } from './task.js';
import { formatCount } from './terminal.js';

const TASK: Task = { kind: 'text', unit: 'windows' };

/** Characters in a window, unless another number is asked for. */
const WINDOW = 64;

/** Share of a text that is its test part, and again its validation part. */
const HOLDOUT = 0.1;

/** About so many windows are an epoch of a text; longer ones have as many as leave half of each window new. */
const WINDOWS = 8000;

/** Most characters of a text, each of which is a string of its own while it is cut. */
const MOST = 2 ** 25;

/** Names of texts: with their usual endings, or without any, as those of `fortunes` have. */
export const isTextName = (path: string): boolean =>
  /\.(txt|text|md)$/i.test(path) || !basename(path).includes('.');

/** A text's characters, and how it is known again. */
export interface WholeText {
  readonly path: string;
  readonly characters: readonly string[];
  readonly vocabulary: readonly string[];
  readonly fingerprint: string;
}

/** @throws LanewiseError kind 'file' or 'data' for a file that cannot be read, is empty or no UTF-8 text. */
export async function readText(
  path: string,
  known?: readonly string[] | undefined,
): Promise<WholeText> {
  const parts: string[] = [];
  let length = 0;
  for await (const part of decodeUtf8(sourceInPieces('text', path), path)) {
    length += part.length;
    if (length > MOST)
      throw new LanewiseError('data', `'${path}' has more than ${MOST} characters`);
    parts.push(part);
  }
  const text = parts.join('');
  if (text === '') throw new LanewiseError('data', `'${path}' is empty`);
  const vocabulary = known ?? vocabularyOf(text);
  return { path, characters: [...text], vocabulary, fingerprint: checksumOfText(text) };
}

/** How a part of a text is cut into windows. */
export interface Cut {
  readonly from?: number;
  readonly to?: number;
  readonly length: number;
  /** Default the length: each character is scored once. */
  readonly stride?: number;
  readonly name: string;
  readonly selections?: readonly Selection[];
}

/**
 * The windows of a part of a text.
 * @throws LanewiseError kind 'data' for characters that a known vocabulary lacks, and a part that is too short.
 */
export function windowsOf(
  { characters, vocabulary, fingerprint }: WholeText,
  { from = 0, to = characters.length, length, stride = length, name, selections = [] }: Cut,
): TensorDataset {
  const text = characters.slice(from, to).join('');
  const windows = textWindows(text, { length, stride, vocabulary });
  return { ...windows, name, origin: { samples: characters.length, fingerprint, selections } };
}

/**
 * The beginning of a text to train on, what follows for validation, and its last part for tests: a tenth each, or
 * `holdout`. What is scored is cut into windows side by side, so that each character counts once.
 * @throws LanewiseError kind 'data' for a text that is too short, or has characters that a known model lacks.
 */
export async function loadText(
  request: DataRequest,
  path: string,
): Promise<PartsOf<TensorDataset>> {
  const { holdout = HOLDOUT, known } = request;
  const { window: length = known?.text?.length ?? WINDOW } = request;
  const text = await readText(path, known?.vocabulary);
  if (text.vocabulary.length < 2)
    throw new LanewiseError(
      'data',
      `'${path}' repeats one character, and there is nothing to learn`,
      'a text of two characters or more is needed',
    );
  const total = text.characters.length;
  const share = Math.max(length + 1, Math.round(holdout * total));
  const [second, last] = [total - 2 * share, total - share];
  if (second <= length && total >= 3 * (length + 1))
    throw new LanewiseError(
      'argument',
      `--holdout ${holdout} takes that share of '${path}' for validation and again for tests, and leaves no window of ${length} to train on`,
      `at most ${Math.floor(((total - length - 1) / 2 / total) * 100) / 100}`,
    );
  if (second <= length)
    throw new LanewiseError(
      'data',
      `'${path}' has ${formatCount(total)} characters, of which windows of ${length} need ${formatCount(3 * (length + 1))}: to train on, for validation and for tests`,
      `a longer text, or shorter windows: --window ${Math.max(1, Math.floor(total / 6))}`,
    );
  const rule = (count: number, part: 0 | 1) =>
    ({ by: 'split', count, shuffled: false, stratified: false, seed: 1, part }) as const;
  const parts = {
    train: {
      to: second,
      stride: strideOf(second, length),
      selections: [rule(last, 0), rule(second, 0)],
    },
    validation: { from: second, to: last, selections: [rule(last, 0), rule(second, 1)] },
    test: { from: last, selections: [rule(last, 1)] },
  };
  const part = (name: keyof typeof parts) =>
    windowsOf(text, { ...parts[name], length, name: `${path} ${name}` });
  return {
    train: part('train'),
    validation: part('validation'),
    test: part('test'),
    task: TASK,
    isHeldOut: true,
  };
}

const strideOf = (characters: number, length: number): number =>
  Math.max(1, Math.min(Math.ceil(length / 2), Math.ceil(characters / WINDOWS)));
