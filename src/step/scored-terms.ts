/** Which terms of a loss a data set is scored by: it may lack a target that training needs, such as a teacher's. */
import { readableTargets, targetNamed, type Samples } from '../data/samples.js';
import type { LossTerm } from '../losses/terms.js';

/** Terms without the ones whose own target is not there; all of them if none is left, so that it is named. */
export function scoringTerms(terms: readonly LossTerm[], data: Samples): readonly LossTerm[] {
  const readable = readableTargets(data);
  const found = terms.filter(({ target, output, loss: { whole } }) =>
    whole
      ? whole.targets.every((name) => Object.hasOwn(readable, name))
      : target === undefined || targetNamed(data, target, output),
  );
  return found.length > 0 ? found : terms;
}
