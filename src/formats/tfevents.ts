/**
 * The writer of TensorBoard's event files. They hold records framed as in TensorFlow's TFRecord, each an Event message
 * of protocol buffers (tensorflow/core/util/event.proto, framework/summary.proto). Field numbers below are theirs.
 */
import { PbfWriter } from 'pbf';

/** Counts of values in bins of equal width from `min` to `max`. */
export interface EventHistogram {
  readonly min: number;
  readonly max: number;
  readonly counts: readonly number[];
}

export interface EventImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly png: Uint8Array;
}

/** One tagged value. */
export type EventValue =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly histogram: EventHistogram }
  | { readonly tag: string; readonly image: EventImage };

export interface TensorboardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** `version` begins every file; `restart` makes readers forget earlier files' values of this step and later ones. */
  readonly content: 'version' | 'restart' | readonly EventValue[];
}

/** An event as a record: its length (8 bytes) and data, each followed by its checksum (4), little-endian. */
export function encodeEvent(event: TensorboardEvent): Uint8Array {
  const pbf = new PbfWriter();
  writeEvent(event, pbf);
  const data = pbf.finish();
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

function writeEvent({ wallTime, step, content }: TensorboardEvent, pbf: PbfWriter): void {
  pbf.writeDoubleField(1, wallTime);
  pbf.writeVarintField(2, step);
  if (content === 'version') pbf.writeStringField(3, 'brain.Event:2');
  else if (content === 'restart') pbf.writeMessage(7, writeSessionStart, undefined);
  else pbf.writeMessage(5, writeSummary, content);
}

/** SessionLog with status START. */
const writeSessionStart = (_: undefined, pbf: PbfWriter): void => pbf.writeVarintField(1, 1);

function writeSummary(values: readonly EventValue[], pbf: PbfWriter): void {
  for (const value of values) pbf.writeMessage(1, writeValue, value);
}

function writeValue(value: EventValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.tag);
  if ('scalar' in value) pbf.writeFloatField(2, value.scalar);
  else if ('image' in value) pbf.writeMessage(4, writeImage, value.image);
  else pbf.writeMessage(5, writeHistogram, value.histogram);
}

function writeImage({ width, height, channels, png }: EventImage, pbf: PbfWriter): void {
  pbf.writeVarintField(1, height);
  pbf.writeVarintField(2, width);
  pbf.writeVarintField(3, channels);
  pbf.writeBytesField(4, png);
}

/** Writes a histogram; sums, which the counts do not contain, assume each bin's values at its middle. */
function writeHistogram({ min, max, counts }: EventHistogram, pbf: PbfWriter): void {
  const width = (max - min) / counts.length;
  let [num, sum, squares] = [0, 0, 0];
  counts.forEach((count, i) => {
    const middle = min + (i + 0.5) * width;
    num += count;
    sum += count * middle;
    squares += count * middle * middle;
  });
  // Bins of width 0 become one, because their limits must increase.
  const bins = width > 0 ? [...counts] : [num];
  [min, max, num, sum, squares].forEach((value, i) => pbf.writeDoubleField(i + 1, value));
  pbf.writePackedDouble(
    6,
    bins.map((_, i) => (i === bins.length - 1 ? max : min + (i + 1) * width)),
  );
  pbf.writePackedDouble(7, bins);
}

/** Remainders of each byte's polynomial by Castagnoli's, bits reversed (RFC 3720, appendix B.4). */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
  return remainder;
});

/** CRC-32C, rotated and shifted as in TFRecord, so that checksums of records that hold checksums differ. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
