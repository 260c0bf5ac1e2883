/**
 * The origin of a data set's samples: which samples of which data they are. Taking data apart records it and a trained
 * model's file keeps it, so the samples held out of training can be found again, instead of scoring a model on samples
 * that it was trained on.
 */
import { crc32 } from '../formats/crc32.js';
import type { Samples } from './samples.js';

/** How samples were taken from a data set: the choice can be repeated on the same data, unless it was made by hand. */
export type Selection =
  | {
      readonly by: 'split';
      /** Number of samples in the first part. */
      readonly count: number;
      readonly shuffled: boolean;
      readonly stratified: boolean;
      readonly seed: number;
      /** Which of the two parts this is. */
      readonly part: 0 | 1;
    }
  | {
      readonly by: 'kFold';
      readonly k: number;
      readonly fold: number;
      readonly stratified: boolean;
      readonly seed: number;
      /** 0 is the data without the fold, 1 the fold. */
      readonly part: 0 | 1;
    }
  /** Parts by what a program knew of the samples, such as the patient or the time of each. */
  | {
      readonly by: 'places';
      readonly rule: 'group' | 'time';
      /** Number of samples in the first part. */
      readonly count: number;
      /** Which samples are in the first part, a bit each (part-places.ts). */
      readonly first: string;
      /** Which of the two parts this is. */
      readonly part: 0 | 1;
    }
  /** Periods of a series: windows from one place up to another, for training, validation and test. */
  | {
      readonly by: 'periods';
      readonly periods: readonly (readonly [from: number, to: number])[];
      readonly part: number;
    }
  /** Samples that a program chose by their places. */
  | { readonly by: 'subset'; readonly count: number };

/**
 * The whole data set, and the choices that led from it to these samples, the first one first; no choices for the whole
 * itself.
 */
export interface Origin {
  /** Number of samples in the whole. */
  readonly samples: number;
  /** Equal for the same samples in the same order, regardless of how they were read. */
  readonly fingerprint: string;
  readonly selections: readonly Selection[];
}

/** Bytes of an array that are compared: two data sets that begin alike and have the same labels count as the same. */
const MOST_BYTES = 2 ** 20;

const known = new WeakMap<object, Origin>();

/** The recorded origin, or that the data set is a whole; undefined for a stream, which has no fixed samples. */
export function originOf(samples: Samples): Origin | undefined {
  const { source, origin, count } = samples;
  if (source?.open) return undefined;
  if (origin) return origin;
  const found = known.get(samples);
  if (found) return found;
  const own = { samples: count, fingerprint: fingerprintOf(samples), selections: [] };
  known.set(samples, own);
  return own;
}

/** The origin of a part of `samples`. */
export function originOfPart(samples: Samples, selection: Selection): Origin | undefined {
  const origin = originOf(samples);
  return origin && { ...origin, selections: [...origin.selections, selection] };
}

/** The fingerprint of labels or targets and of the samples: their values, or their reader's fingerprint. */
function fingerprintOf({ targets, inputs, source }: Samples): string {
  const sums = [...Object.values(targets), ...Object.values(inputs)].map(({ values }) =>
    checksum(values),
  );
  if (source) sums[sums.length - 1] = checksumOfText(source.fingerprint ?? '');
  return sums.join('-');
}

const checksum = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  crc32(new Uint8Array(buffer, byteOffset, Math.min(byteLength, MOST_BYTES))).toString(16);

/** A short name of a long text. */
export const checksumOfText = (text: string): string => checksum(new TextEncoder().encode(text));
