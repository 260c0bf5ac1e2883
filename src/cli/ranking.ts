/** The ranking of a row of scores: classes by name, the best first. */
import type { Classifier } from '../trained/trained-model.js';
import { formatPercent } from './terminal.js';

export interface Ranked {
  readonly index: number;
  readonly name: string;
  readonly score: number;
}

/** A class's name, or its number if classes have no names. */
export const classNameOf = ({ classes }: Pick<Classifier, 'classes'>, index: number): string =>
  classes?.[index] ?? String(index);

/** The `most` classes with the highest scores, the first of equal ones first. */
export function ranking(classifier: Classifier, row: Float32Array, most: number): Ranked[] {
  return [...row.keys()]
    .toSorted((a, b) => row[b]! - row[a]!)
    .slice(0, most)
    .map((index) => ({ index, name: classNameOf(classifier, index), score: row[index]! }));
}

/** `99.10 %`, or the bare score if scores are not probabilities. */
export const showScore = ({ givesProbabilities }: Classifier, score: number): string =>
  givesProbabilities ? formatPercent(score) : score.toFixed(2);
