/** What counting gives for a text: the loss of models that know how often characters occur, and which follow which. */
import { log } from '../base/arithmetic.js';

/** Windows of a text as tokens, and the token that follows each. */
export interface FollowedTokens {
  readonly tokens: ArrayLike<number>;
  readonly next: ArrayLike<number>;
}

/** Mean losses for each next token, in nats. */
export interface NgramLosses {
  /** By how often each token occurs. */
  readonly unigram: number;
  /** By which token is before. */
  readonly bigram: number;
}

/** So many occurrences of a token are expected by single frequencies alone, besides those seen. */
const PRIOR = 5;

/**
 * The losses on `test` of a unigram and a bigram model of `train`, below a vocabulary's `size`. Each token counts once
 * more than it was seen, and what follows a token is expected from single frequencies as far as it was not seen often.
 */
export function ngramLosses(
  train: FollowedTokens,
  test: FollowedTokens,
  size: number,
): NgramLosses {
  const single = new Float64Array(size).fill(1);
  const pairs = new Map<number, number>();
  const before = new Float64Array(size);
  for (let i = 0; i < train.next.length; i++) {
    const [a, b] = [train.tokens[i]!, train.next[i]!];
    single[b]!++;
    before[a]!++;
    pairs.set(a * size + b, (pairs.get(a * size + b) ?? 0) + 1);
  }
  const all = train.next.length + size;
  let [unigram, bigram] = [0, 0];
  for (let i = 0; i < test.next.length; i++) {
    const [a, b] = [test.tokens[i]!, test.next[i]!];
    const alone = single[b]! / all;
    const seen = pairs.get(a * size + b) ?? 0;
    unigram -= log(alone);
    bigram -= log((seen + PRIOR * alone) / (before[a]! + PRIOR));
  }
  return { unigram: unigram / test.next.length, bigram: bigram / test.next.length };
}
