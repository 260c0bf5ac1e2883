/**
 * A second implementation of TensorBoard's event files, for reading: checksums bit by bit, and protocol
 * buffers as the wire has them, fields by number.
 */
/** A field's values in the order of the wire: varints and fixed numbers, or bytes. */
type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

function expect(found: number, expected: number, what: string): void {
  if (found !== expected) throw new Error(`${what}: ${found}, expected ${expected}`);
}

/** CRC-32C, reflected polynomial 0x82f63b78, one bit after another. */
export function crc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** The checksum that TFRecord stores: rotated right by 15 bits, plus a constant. */
function masked(bytes: Uint8Array): number {
  const crc = BigInt(crc32c(bytes));
  const rotated = (crc >> 15n) + ((crc & 0x7fffn) << 17n);
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
}

/** The records' data; every length and checksum must hold, and nothing may follow the last. */
export function readRecords(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    expect(view.getUint32(at + 8, true), masked(bytes.subarray(at, at + 8)), `length at ${at}`);
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(data.length, length, `record at ${at}`);
    expect(view.getUint32(at + 12 + length, true), masked(data), `data at ${at}`);
    records.push(data);
    at += length + 16;
  }
  return records;
}

function readFields(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const type = key & 7;
    let value: number | Uint8Array;
    if (type === 0) value = varint();
    else if (type === 1) [value, at] = [view.getFloat64(at, true), at + 8];
    else if (type === 5) [value, at] = [view.getFloat32(at, true), at + 4];
    else {
      expect(type, 2, 'wire type');
      const length = varint();
      value = bytes.subarray(at, at + length);
      expect(value.length, length, 'length of a field');
      at += length;
    }
    fields.set(key >>> 3, [...(fields.get(key >>> 3) ?? []), value]);
  }
  return fields;
}

const text = (value: unknown): string => new TextDecoder().decode(value as Uint8Array);
const doubles = (value: unknown): number[] => [
  ...new Float64Array(Uint8Array.from(value as Uint8Array).buffer),
];

/** As test/support/read_tfevents.py prints them. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version?: string;
  readonly session?: number;
  readonly values?: readonly ReadValue[];
}

export interface ReadValue {
  readonly tag: string;
  readonly scalar?: number;
  readonly histogram?: {
    readonly numbers: readonly number[];
    readonly limits: readonly number[];
    readonly counts: readonly number[];
  };
  readonly image?: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly png: string;
  };
}

function readValue(bytes: Uint8Array): ReadValue {
  const fields = readFields(bytes);
  const tag = text(fields.get(1)![0]);
  if (fields.has(2)) return { tag, scalar: fields.get(2)![0] as number };
  if (fields.has(4)) {
    const image = readFields(fields.get(4)![0] as Uint8Array);
    const [height, width, channels] = [1, 2, 3].map((n) => image.get(n)![0] as number);
    const png = Buffer.from(image.get(4)![0] as Uint8Array).toString('base64');
    return { tag, image: { height: height!, width: width!, channels: channels!, png } };
  }
  const histogram = readFields(fields.get(5)![0] as Uint8Array);
  return {
    tag,
    histogram: {
      numbers: [1, 2, 3, 4, 5].map((n) => histogram.get(n)![0] as number),
      limits: doubles(histogram.get(6)![0]),
      counts: doubles(histogram.get(7)![0]),
    },
  };
}

export const readEvents = (bytes: Uint8Array): ReadEvent[] =>
  readRecords(bytes).map((record) => {
    const fields = readFields(record);
    const [wallTime, step] = [fields.get(1)![0] as number, (fields.get(2)?.[0] ?? 0) as number];
    const [version, summary, session] = [3, 5, 7].map((n) => fields.get(n)?.[0] as Uint8Array);
    return {
      wallTime,
      step,
      ...(version ? { version: text(version) } : {}),
      ...(session ? { session: readFields(session).get(1)![0] as number } : {}),
      ...(summary ? { values: (readFields(summary).get(1) as Uint8Array[]).map(readValue) } : {}),
    };
  });
