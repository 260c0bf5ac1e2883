/**
 * Which samples of which data a data set has. What takes data apart writes it down, a trained model's file keeps it, and
 * so what was held out of training can be found again, instead of scoring a model on samples that it was trained on.
 */
import { crc32 } from '../formats/crc32.js';
import type { Samples } from './samples.js';

/** How samples were taken from a data set: the same choice can be made again of the same data, unless it was by hand. */
export type Selection =
  | {
      readonly by: 'split';
      /** Samples of the first part. */
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
  /** Samples that a program chose by their places. */
  | { readonly by: 'subset'; readonly count: number };

/** The whole that samples are of, and how they were taken from it, the first choice first; none for the whole itself. */
export interface Origin {
  /** Samples of the whole. */
  readonly samples: number;
  /** Equal for the same samples in the same order, however they were read. */
  readonly fingerprint: string;
  readonly selections: readonly Selection[];
}

/** More of an array is not looked at: two data sets that begin alike and have the same labels are the same. */
const MOST_BYTES = 2 ** 20;

const known = new WeakMap<object, Origin>();

/** What is written down, or that the data set is a whole; undefined for a stream, whose samples come as they come. */
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

/** Of labels or targets, and of the samples: values, or what a reader is known by. */
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
