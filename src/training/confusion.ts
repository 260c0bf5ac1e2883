/** Who is mistaken for whom. */

export interface ConfusionMatrix {
  readonly classes: readonly string[];
  /** counts[t][p]: samples of class t predicted as p. */
  readonly counts: readonly (readonly number[])[];
}

/** Counts predictions against labels; both are class indices, one a sample. */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: readonly string[],
): ConfusionMatrix {
  const counts = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i]!]!;
    // A model may have more outputs than the data has classes.
    const predicted = predictions[i]!;
    row[predicted] = (row[predicted] ?? 0) + 1;
  }
  return { classes, counts };
}

export interface Mistake {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
}

/** The most frequent mistakes, most frequent first, at most `n`. */
export function mostConfused({ classes, counts }: ConfusionMatrix, n: number): Mistake[] {
  return counts
    .flatMap((row, t) =>
      row.map((count, p) => ({
        truth: classes[t]!,
        predicted: classes[p] ?? String(p),
        count,
        right: t === p,
      })),
    )
    .filter(({ right, count }) => !right && count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, n)
    .map(({ truth, predicted, count }) => ({ truth, predicted, count }));
}
