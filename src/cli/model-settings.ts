/** What a data set asks of a model: the shape and number of its images, and the scale of their values. */
import type { Dataset } from '../data/dataset.js';
import { showShape } from '../graph/tensor.js';
import type { ImageSettings } from '../models/recipes.js';

/** For images like those of MNIST the models keep their own scale; for others it is measured. */
export function modelSettings({ shape, classes, samples }: Dataset): ImageSettings {
  const settings = { shape, classes: classes.length };
  return showShape(shape) === '1×28×28' ? settings : { ...settings, ...scaleOf(samples) };
}

/** Mean and deviation of all values, bytes as 0 to 1. Values that are all the same have a deviation of 1. */
export function scaleOf(values: Dataset['samples']): { mean: number; deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Bytes add up exactly: below 2⁵³ for 10¹¹ of them.
    sum += value;
    squares += value * value;
  }
  const count = values.length;
  const unit = values instanceof Uint8Array ? 255 : 1;
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { mean: mean / unit, deviation: deviation === 0 ? 1 : deviation / unit };
}
