/** The choice of a loss's terms for scoring, as a scored data set may lack a target that training needs. */
import { readableTargets, targetNamed, type Samples } from '../data/samples.js';
import type { LossTerm } from '../losses/terms.js';

/** Terms whose own target is present; all terms if there is none, so that an error names it. */
export function scoringTerms(terms: readonly LossTerm[], data: Samples): readonly LossTerm[] {
  const readable = readableTargets(data);
  const found = terms.filter(({ target, output, loss: { whole } }) =>
    whole
      ? whole.targets.every((name) => Object.hasOwn(readable, name))
      : target === undefined || targetNamed(data, target, output),
  );
  return found.length > 0 ? found : terms;
}
