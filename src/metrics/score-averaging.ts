/**
 * Averages the scores of several rounds over the same samples. Rounds are an ensemble's models (Hansen & Salamon 1990),
 * or views of each image (ten crops: Krizhevsky et al. 2012, §4.1). Sums are doubles, added in the order of the rounds,
 * so that the result has the same bits wherever it is computed.
 */
import { log } from '../base/arithmetic.js';
import { labelsIn, type Samples } from '../data/samples.js';
import type { LossTerm } from '../losses/terms.js';
import { classifyScores, type ClassificationSummary } from './summary.js';

/** The smallest probability that counts in a loss, so that one sample's loss is at most 87 and never infinite. */
const LEAST = 2 ** -126;

/** Whether the first output's scores are probabilities of classes. */
export const givesProbabilities = (terms: readonly LossTerm[]): boolean =>
  terms[0]?.loss.gives === 'probabilities';

/** The mean of arrays of one length, requested one after another: only one is held at a time. */
export async function meanOf(
  rounds: readonly (() => Promise<Float32Array>)[],
): Promise<Float32Array> {
  let sums = new Float64Array();
  for (const [i, round] of rounds.entries()) {
    const scores = await round();
    if (i === 0) sums = Float64Array.from(scores);
    else for (let k = 0; k < sums.length; k++) sums[k]! += scores[k]!;
  }
  return Float32Array.from(sums, (sum) => sum / rounds.length);
}

/**
 * The summary of the rounds' mean scores on `data`. Its loss is the mean negative logarithm of the true class's mean
 * probability; where scores are not probabilities, it is the mean of the rounds' losses.
 */
export async function averageRounds(
  rounds: readonly (() => Promise<ClassificationSummary>)[],
  data: Samples,
  areProbabilities: boolean,
): Promise<ClassificationSummary> {
  let losses = 0;
  const scores = await meanOf(
    rounds.map((round) => async () => {
      const summary = await round();
      losses += summary.loss;
      return summary.scores;
    }),
  );
  const loss = areProbabilities ? logLoss(scores, data) : losses / rounds.length;
  return { loss, ...classifyScores(scores, data) };
}

/** Mean over the samples of −ln p of the label, each times its weight. */
function logLoss(scores: Float32Array, data: Samples): number {
  const labels = labelsIn(data)!;
  const { weights } = data;
  const classes = scores.length / labels.length;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    // The sample has no class.
    if (labels[i]! < 0) continue;
    count++;
    const p = Math.max(scores[i * classes + labels[i]!]!, LEAST);
    sum -= log(p) * (weights?.[i] ?? 1);
  }
  return sum / count;
}
