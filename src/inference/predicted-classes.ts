/**
 * The predicted class of each row of n×classes scores: the highest one. The first of several equal scores wins, and a
 * NaN before any number.
 */
export function predictedClasses(scores: Float32Array, classes: number): Uint32Array {
  return Uint32Array.from({ length: scores.length / classes }, (_, i) => {
    const row = scores.subarray(i * classes, (i + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) {
      const [value, most] = [row[c]!, row[best]!];
      if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = c;
    }
    return best;
  });
}
