/** The parts of recorded choices, found again in the data. */
import { LanewiseError } from '../base/errors.js';
import { checkIndexed } from './chosen.js';
import type { IndexedDataset } from './dataset.js';
import { kFold } from './folds.js';
import { samplesOf } from './forms.js';
import type { Selection } from './origin.js';
import { arePlaces, decodePlaces } from './part-places.js';
import { partAs, split } from './split-samples.js';

/**
 * The other part of a repeated choice: the samples that it left out.
 * @throws LanewiseError as `split` and `kFold` do for data that the choice cannot have been made from.
 */
export function leftOut<D extends IndexedDataset>(
  data: D,
  selection: Exclude<Selection, { by: 'subset' }>,
): D {
  if (selection.by === 'periods')
    throw new LanewiseError(
      'argument',
      'the samples are windows of a period, of which others are found by splitSeries',
    );
  const other = 1 - selection.part;
  if (selection.by === 'places') return placedPart(data, selection, other as 0 | 1);
  if (selection.by === 'split') {
    const { count, shuffled, stratified, seed } = selection;
    return split(data, { count, shuffled, stratified, seed })[other]!;
  }
  const { k, fold, stratified, seed } = selection;
  return [...kFold(data, k, { stratified, seed })][fold]![other]!;
}

/**
 * The samples that recorded choices led to, found again in the whole; undefined if a program chose some by their places.
 * @throws LanewiseError as `leftOut`.
 */
export function taken<D extends IndexedDataset>(
  whole: D,
  selections: readonly Selection[],
): D | undefined {
  let data = whole;
  for (const selection of selections) {
    if (selection.by === 'subset') return undefined;
    data = leftOut(data, { ...selection, part: selection.part === 0 ? 1 : 0 });
  }
  return data;
}

/** A part by the places that are remembered. */
function placedPart<D extends IndexedDataset>(
  data: D,
  selection: Extract<Selection, { by: 'places' }>,
  part: 0 | 1,
): D {
  const samples = samplesOf(data);
  checkIndexed(samples);
  const { first, count, rule } = selection;
  const isFirst = arePlaces(first, samples.count) ? decodePlaces(first, samples.count) : undefined;
  if (isFirst?.reduce((sum, bit) => sum + bit, 0) !== count || count === samples.count)
    throw new LanewiseError(
      'data',
      `the ${rule === 'time' ? 'split by time' : 'split by groups'} was not made of the ${samples.count} samples of '${samples.name}'`,
    );
  const places = Uint32Array.from(isFirst, (_, i) => i).filter((i) => isFirst[i] !== part);
  return partAs<D>(samples, places, { ...selection, part });
}
