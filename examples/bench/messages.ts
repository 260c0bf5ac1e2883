/** The messages between the page and its worker. */
import type { Circumstances, Row } from '../../src/benchmark/results.js';
import type { Numerics } from '../../src/engine/features.js';

/** A request of the page. */
export interface Request {
  readonly names: readonly string[];
  readonly threads: number;
  readonly numerics: Numerics;
  readonly seconds: number;
}

/** The facts that do not change from one request to the next. */
export type Place = Pick<Circumstances, 'lanewise' | 'engine' | 'cores' | 'threads'>;

export type Answer =
  /** Sent once, at the start: the choices, and a sentence for each thing that the browser lacks. */
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
