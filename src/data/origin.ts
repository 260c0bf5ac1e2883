/**
 * Which samples of which data a data set has. What takes data apart writes it down, a trained model's file keeps it, and
 * so what was held out of training can be found again, instead of scoring a model on samples that it was trained on.
 */
import { crc32 } from '../formats/crc32.js';
import {
  countOf,
  isSampleStream,
  isStreamed,
  isTensorDataset,
  type AnyDataset,
} from './dataset.js';

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
export function originOf(data: AnyDataset): Origin | undefined {
  if (isSampleStream(data)) return undefined;
  if (data.origin) return data.origin;
  const found = known.get(data);
  if (found) return found;
  const origin = { samples: countOf(data), fingerprint: fingerprintOf(data), selections: [] };
  known.set(data, origin);
  return origin;
}

/** The origin of a part of `data`. */
export function originOfPart(data: AnyDataset, selection: Selection): Origin | undefined {
  const origin = originOf(data);
  return origin && { ...origin, selections: [...origin.selections, selection] };
}

/** Of labels or targets, and of the samples: values, or what a reader is known by. */
function fingerprintOf(data: Exclude<AnyDataset, { open: unknown }>): string {
  if (isTensorDataset(data)) {
    const fields = [...Object.values(data.targets), ...Object.values(data.inputs)];
    return fields.map(({ values }) => checksum(values)).join('-');
  }
  const samples = isStreamed(data)
    ? checksumOfText(data.fingerprint ?? '')
    : checksum(data.samples);
  return `${checksum(data.labels)}-${samples}`;
}

const checksum = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  crc32(new Uint8Array(buffer, byteOffset, Math.min(byteLength, MOST_BYTES))).toString(16);

/** A short name of a long text. */
export const checksumOfText = (text: string): string => checksum(new TextEncoder().encode(text));
