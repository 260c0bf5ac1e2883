/** The order of an epoch's samples, as a sampler of anybody's gives it. */
import { isList, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Sampler } from './samplers.js';

/**
 * The order that a sampler gives for an epoch, as training reads it.
 * @throws LanewiseError kind 'argument' unless it has `count` indices of samples.
 */
export function orderOf(
  sampler: Sampler,
  count: number,
  seed: number,
  epoch: number,
): Uint32Array<ArrayBuffer> {
  const order: unknown = sampler.order(count, seed, epoch);
  const owner = `the sampler '${sampler.kind}'`;
  const place = `order(${count}, ${seed}, ${epoch})`;
  if (!isList(order)) refuse(owner, place, order, `a list of the epoch's ${count} samples`);
  const given = order as ArrayLike<number>;
  if (given.length !== count)
    throw new LanewiseError(
      'argument',
      `${owner}: ${place} has ${given.length} indices, expected one for each of the ${count} samples of an epoch`,
      given.length < count
        ? 'stepsPerEpoch makes epochs shorter, and subset(data, indices) a smaller data set'
        : undefined,
    );
  for (let i = 0; i < count; i++) {
    const index = given[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < count))
      refuse(owner, `${place}[${i}]`, index, `a sample from 0 to ${count - 1}`);
  }
  return Uint32Array.from(given);
}
