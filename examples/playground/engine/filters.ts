/** The filters of the first layer, its weights as small images. */
import type { Model, Weights } from 'lanewise';
import type { Filters } from '../messages.js';

/** The most filters shown; more would be too small. */
const MOST = 32;

/**
 * The first layer's filters: the first channel of each for a convolution, and each unit's weights for a dense layer on
 * an image. Undefined for other layers.
 */
export function filtersOf(
  { parameters, architecture }: Model,
  weights: Weights,
): Filters | undefined {
  const first = parameters.find(({ name }) => name.endsWith('weight'));
  const values = first && weights.get(first.name);
  if (!values) return undefined;
  const size = extents(first.shape, Object.values(architecture.inputs)[0]!.shape);
  if (!size) return undefined;
  const [height, width] = size;
  const each = values.length / first.shape[0]!;
  const count = Math.min(MOST, first.shape[0]!);
  const shown = new Float32Array(count * height * width);
  for (let i = 0; i < count; i++)
    shown.set(values.subarray(i * each, i * each + height * width), i * height * width);
  return { count, height, width, values: shown };
}

function extents(
  shape: readonly number[],
  image: readonly number[],
): readonly [height: number, width: number] | undefined {
  if (shape.length === 4) return [shape[2]!, shape[3]!];
  const [channels, height, width] = image;
  if (shape.length !== 2 || shape[1] !== channels! * height! * width!) return undefined;
  return [height!, width!];
}
