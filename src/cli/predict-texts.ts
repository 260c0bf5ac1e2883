/** The texts of `predict`: files and folders of texts, one each, and columns of CSV files and JSON lines, one a row. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { bagsOf } from '../data/text-bags.js';
import { cannotRead } from '../node/files.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { PredictionOutput } from './prediction-output.js';
import { isJsonLines, readWhole, textColumn } from './texts-source.js';

/** Whether a model tells classes of texts apart. */
export const takesTexts = ({ text, vocabulary, classes }: TrainedModel): boolean =>
  text?.by !== undefined && vocabulary !== undefined && classes !== undefined;

/** Texts that are scored together. */
const AT_ONCE = 256;

/** Scores all texts of the paths. @throws LanewiseError for files that cannot be read, and tables without the column. */
export async function predictTexts(
  model: TrainedModel,
  paths: readonly string[],
  output: PredictionOutput,
): Promise<void> {
  for (const path of paths) {
    for (const { names, texts } of await textsAt(model, path)) {
      for (let first = 0; first < texts.length; first += AT_ONCE) {
        const some = texts.slice(first, first + AT_ONCE);
        const { scores } = await model.predict(
          bagsOf(some, model.text!.by!, model.vocabulary!),
          Object.values(model.model.architecture.inputs)[0]!.shape,
        );
        const outputs = scores.length / some.length;
        await output.add(
          names.slice(first, first + AT_ONCE),
          some.map((_, i) => scores.subarray(i * outputs, (i + 1) * outputs)),
        );
      }
    }
  }
}

interface Texts {
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

async function textsAt({ text }: TrainedModel, path: string): Promise<Texts[]> {
  if (isJsonLines(path) || /\.(csv|tsv)$/i.test(path)) {
    const column = text!.column;
    if (column === undefined)
      throw new LanewiseError(
        'argument',
        `'${path}' is a table, and the model was trained on files of texts`,
        'expected .txt files, or folders of them',
      );
    const { texts } = await textColumn(path, column, undefined, false);
    return [{ names: texts.map((_, i) => `${path} row ${i + 1}`), texts }];
  }
  const status = await stat(path).catch((error: unknown) => {
    throw cannotRead('text', path, error);
  });
  if (!status.isDirectory()) return [{ names: [path], texts: [await readWhole(path)] }];
  const entries = await readdir(path, { recursive: true });
  const files = entries
    .filter((name) => /\.txt$/i.test(name))
    .toSorted()
    .map((name) => join(path, name));
  if (files.length === 0) throw new LanewiseError('data', `'${path}' has no texts (.txt)`);
  const texts: string[] = [];
  for (const file of files) texts.push(await readWhole(file));
  return [{ names: files, texts }];
}
