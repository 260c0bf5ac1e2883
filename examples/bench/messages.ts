/** What the page and its worker tell each other. */
import type { Circumstances, Row } from '../../src/benchmark/results.js';
import type { Numerics } from '../../src/engine/features.js';

/** What the page asks for. */
export interface Request {
  readonly names: readonly string[];
  readonly threads: number;
  readonly numerics: Numerics;
  readonly seconds: number;
}

/** What does not change from one request to the next. */
export type Place = Pick<Circumstances, 'lanewise' | 'engine' | 'cores' | 'threads'>;

export type Answer =
  /** Once, at the start: what there is to choose from, and what the browser lacks, a sentence each. */
  | {
      readonly kind: 'ready';
      readonly place: Place;
      readonly names: readonly string[];
      readonly numerics: readonly Numerics[];
      readonly notes: readonly string[];
    }
  | { readonly kind: 'begun'; readonly name: string }
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string };
