/**
 * The class with the highest score (the first of several, a NaN before any number) in each row of
 * n×classes scores.
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
