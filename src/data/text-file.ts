/** Data sets from text files, for character models. */
import { checkKeys } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { decodeUtf8, type TextSource } from '../formats/utf8.js';
import type { TensorDataset } from './dataset.js';
import { sourceInPieces, sourceName, type FileSource } from './file-source.js';
import { textWindows, vocabularyOf, type TextWindowsOptions, type Vocabulary } from './text.js';

/** Windows of a text, and the characters that its tokens stand for. */
export interface TextDataset extends TensorDataset {
  readonly vocabulary: Vocabulary;
}

/** Bound on characters; a JavaScript string can be twice as long, but its windows take many times as much memory. */
const MAX_LENGTH = 2 ** 28;

/**
 * The windows of a UTF-8 file (a path, bytes or a Blob), or of a stream of one, as `textWindows` makes them.
 * @throws LanewiseError as `textWindows` does; kind 'data' naming the offset of the first byte that is not UTF-8, or for
 * more than 2²⁸ characters; kind 'file' if the file cannot be read.
 */
export async function textFile(
  source: FileSource | TextSource,
  options: TextWindowsOptions = {},
): Promise<TextDataset> {
  checkKeys('textFile', options, ['length', 'stride', 'vocabulary']);
  const name = sourceName(source, 'text');
  const pieces = sourceInPieces('text', source);
  const parts: string[] = [];
  let length = 0;
  for await (const part of decodeUtf8(pieces, name)) {
    length += part.length;
    if (length > MAX_LENGTH)
      throw new LanewiseError('data', `'${name}' has more than ${MAX_LENGTH} characters`);
    parts.push(part);
  }
  const text = parts.join('');
  if (text === '') throw new LanewiseError('data', `'${name}' is empty`);
  const { vocabulary = vocabularyOf(text) } = options;
  return { ...textWindows(text, { ...options, vocabulary }), name, vocabulary };
}
