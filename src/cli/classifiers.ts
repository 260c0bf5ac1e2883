/** The models that `eval` and `export` score: one, or several that answer as one. */
import { Argument } from 'commander';
import type { LabelledDataset } from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import { ensemble, type Ensemble } from '../training/ensemble.js';
import { loadModel } from '../training/model-store.js';
import type { TrainedModel } from '../training/trained-model.js';

export const modelsArgument = (): Argument =>
  new Argument(
    '<model.safetensors...>',
    'files written by train; several are an ensemble: their scores are averaged',
  );

/** @throws LanewiseError kind 'file' for files that hold no model, 'argument' for models that do not go together. */
export async function loadClassifier(files: readonly string[]): Promise<Ensemble> {
  const models: TrainedModel[] = [];
  for (const file of files) models.push(await loadModel(file));
  return ensemble(models);
}

/**
 * A model whose classes have other names than the data's would be right by accident only.
 * @throws LanewiseError kind 'data' naming the first class that differs.
 */
export function checkClasses({ classes }: Pick<Ensemble, 'classes'>, data: LabelledDataset): void {
  if (!classes) return;
  const wrong = data.classes.findIndex((name, c) => classes[c] !== name);
  if (wrong < 0) return;
  throw new LanewiseError(
    'data',
    `class ${wrong} is '${data.classes[wrong]}' in data set '${data.name}', and ${classes[wrong] === undefined ? 'missing' : `'${classes[wrong]}'`} in the model`,
    `the model knows ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ', …' : ''}`,
  );
}
