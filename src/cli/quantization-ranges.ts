/** The ranges of `train --quantization`: those of the weights that the run begins with, on its training samples. */
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { Recipe } from '../models/recipes.js';
import { writeFileAtomic } from '../node/atomic.js';
import type { Calibration } from '../quantize/index.js';
import type { TrainSettings } from '../train/settings.js';
import { withWeights } from '../trained/with-weights.js';
import type { DataSets } from './data-sources.js';
import type { Start } from './pretrained.js';

/** @throws LanewiseError kind 'argument' unless the run begins with weights for all of its model. */
export async function rangesOf(
  model: Model,
  { loss }: Pick<Recipe, 'loss'>,
  { train }: Pick<DataSets, 'train'>,
  start: Start | undefined,
): Promise<Calibration> {
  const lacking = model.parameters.find(({ name }) => !start?.weights.has(name));
  if (!start || lacking)
    throw new LanewiseError(
      'argument',
      `--quantization trains a model on, and ${start ? `'${lacking!.name}' is drawn anew` : 'no --weights are given'}`,
      'train without it first; then train --weights runs/…/model.safetensors --quantization',
    );
  const { calibrate } = await import('../quantize/index.js');
  return calibrate(withWeights(model, start.weights, loss === undefined ? {} : { loss }), train);
}

/** Keeps the ranges in the run's folder, for `quantize --calibration`. */
export async function saveRanges(
  folder: string,
  { quantization }: Pick<TrainSettings, 'quantization'>,
): Promise<void> {
  if (quantization)
    await writeFileAtomic(
      join(folder, 'calibration.json'),
      new TextEncoder().encode(`${JSON.stringify(quantization, null, 2)}\n`),
    );
}
