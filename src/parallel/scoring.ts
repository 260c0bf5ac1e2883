/** Which terms of a loss a data set is scored by: it may lack a target that training needs, such as a teacher's. */
import { isTensorDataset, type AnyDataset } from '../data/dataset.js';
import type { LossTerm } from '../losses/terms.js';

/** Terms without the ones whose own target is not there; all of them if none is left, so that it is named. */
export function scoringTerms(terms: readonly LossTerm[], data: AnyDataset): readonly LossTerm[] {
  const targets = isTensorDataset(data) ? (data.targets ?? {}) : {};
  const isThere = (name: string | undefined) => name === undefined || Object.hasOwn(targets, name);
  const found = terms.filter(({ target, loss: { whole } }) =>
    whole && isTensorDataset(data) ? whole.targets.every(isThere) : isThere(target),
  );
  return found.length > 0 ? found : terms;
}
