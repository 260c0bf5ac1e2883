/**
 * JPEGs of four components, CMYK and YCCK, split into two of three each, which the codec decodes (it refuses four).
 * Nothing is recoded: predictions and Huffman tables belong to a component, so the bits of the remaining components are
 * copied unchanged, and read only to find where each ends.
 */
import { damaged } from './image-header.js';

interface Component {
  readonly id: number;
  readonly wide: number;
  readonly high: number;
}

interface Frame {
  readonly components: readonly Component[];
  /** Number of minimum coded units in a scan of several components. */
  readonly units: number;
  readonly isProgressive: boolean;
}

export interface FourComponents {
  /** According to Adobe's marker: the first three are luma and chroma of the inverse colours, or ink. */
  readonly isYcck: boolean;
  /** A JPEG without component `dropped`, 0 to 3; the others' colours are unchanged unless `isYcc`. */
  without(dropped: number, isYcc?: boolean): Uint8Array;
  /** One of the first three that can be left out, so that the last is decoded at full size. */
  readonly spare: number;
}

const isFrameMarker = (marker: number): boolean => marker >= 0xc0 && marker <= 0xc2;

/** The components of a file that `jpegExtents` has walked over; undefined unless there are four. */
export function fourComponents(bytes: Uint8Array, name: string): FourComponents | undefined {
  const segments = segmentsOf(bytes);
  const frameBody = segments.find(({ marker }) => isFrameMarker(marker))?.body;
  if (frameBody?.[5] !== 4) return undefined;
  if (frameBody.length < 18) throw damaged(name, 'JPEG', 'its frame header is too short');
  const components = [0, 1, 2, 3].map((i) => {
    const [id, sampling] = frameBody.subarray(6 + 3 * i) as unknown as [number, number];
    return { id, wide: sampling >> 4, high: sampling & 15 };
  });
  if (components.some(({ wide, high }) => wide < 1 || wide > 4 || high < 1 || high > 4))
    throw damaged(name, 'JPEG', 'a component has a sampling factor that is not 1 to 4');
  const extent = (list: readonly Component[]) =>
    [Math.max(...list.map(({ wide }) => wide)), Math.max(...list.map(({ high }) => high))] as const;
  const [wide, high] = extent(components);
  const isSpare = (dropped: number) =>
    String(extent(components.toSpliced(dropped, 1))) === String([wide, high]);
  const spare = [1, 2, 0].find(isSpare);
  if (spare === undefined || !isSpare(3))
    throw damaged(name, 'JPEG', 'its sampling factors are not those of any encoder of CMYK');
  const view = new DataView(frameBody.buffer, frameBody.byteOffset);
  const across = (pixels: number, factor: number) => Math.ceil(pixels / (8 * factor));
  const frame: Frame = {
    components,
    units: across(view.getUint16(3), wide) * across(view.getUint16(1), high),
    isProgressive: segments.some(({ marker }) => marker === 0xc2),
  };
  return {
    isYcck: segments.some(isAdobeYcck),
    spare,
    without: (dropped, isYcc = false) =>
      new Writer(bytes.length).file(segments, frame, dropped, isYcc, name),
  };
}

const isAdobeYcck = ({ marker, body }: Segment): boolean =>
  marker === 0xee && String.fromCharCode(...body.subarray(0, 5)) === 'Adobe' && body[11] === 2;

interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
  /** Coded data after the header of a scan: each restart interval, without stuffing. */
  readonly intervals: readonly Uint8Array[];
}

function segmentsOf(bytes: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  let at = 2;
  for (;;) {
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (at < bytes.length && bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === 0xd9) return segments;
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const end = at + bytes[at]! * 256 + bytes[at + 1]!;
    const intervals: Uint8Array[] = [];
    segments.push({ marker, body: bytes.subarray(at + 2, end), intervals });
    at = marker === 0xda ? readIntervals(bytes, end, intervals) : end;
  }
}

/** Adds the restart intervals of a scan whose coded data begins at `at`; returns its end. */
function readIntervals(bytes: Uint8Array, at: number, to: Uint8Array[]): number {
  for (;;) {
    const from = at;
    let stuffed = 0;
    for (; at + 1 < bytes.length; at++) {
      if (bytes[at] !== 0xff) continue;
      if (bytes[at + 1] !== 0) break;
      stuffed++;
      at++;
    }
    const coded = new Uint8Array(at - from - stuffed);
    for (let i = from, k = 0; k < coded.length; i++) {
      coded[k++] = bytes[i]!;
      if (bytes[i] === 0xff) i++;
    }
    to.push(coded);
    // FF may repeat before a marker.
    let next = at + 1;
    while (bytes[next] === 0xff) next++;
    if (!(bytes[next]! >= 0xd0 && bytes[next]! <= 0xd7)) return at;
    at = next + 1;
  }
}

/** A table indexed by the next 16 bits: the length of the code that they begin with, times 256, plus its symbol. */
function codeTable(counts: Uint8Array, symbols: Uint8Array): Uint16Array {
  const table = new Uint16Array(65_536);
  let at = 0;
  let symbol = 0;
  counts.forEach((count, i) => {
    for (let n = 0; n < count; n++, symbol++) {
      const end = at + (1 << (15 - i));
      table.fill((i + 1) * 256 + (symbols[symbol] ?? 0), at, end);
      at = end;
    }
  });
  return table;
}

class Writer {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;
  #interval = 0;
  readonly #tables = new Map<number, Uint16Array>();

  constructor(bytes: number) {
    // In the worst case every byte is FF, followed by a 0.
    this.#bytes = new Uint8Array(2 * bytes + 64);
  }

  file(
    segments: readonly Segment[],
    frame: Frame,
    dropped: number,
    isYcc: boolean,
    name: string,
  ): Uint8Array {
    this.#put([0xff, 0xd8, 0xff, 0xee, 0, 14]);
    this.#put([...new TextEncoder().encode('Adobe'), 0, 100, 0, 0, 0, 0, isYcc ? 1 : 0]);
    for (const segment of segments) {
      const { marker, body } = segment;
      if (marker >= 0xe0) continue;
      if (marker === 0xc4) this.#readTables(body);
      if (marker === 0xdd) this.#interval = body[0]! * 256 + body[1]!;
      if (marker === 0xda) this.#scan(segment, frame, dropped, name);
      else if (isFrameMarker(marker)) {
        const rest = [...body.subarray(6, 6 + 3 * dropped), ...body.subarray(9 + 3 * dropped, 18)];
        this.#segment(marker, [...body.subarray(0, 5), 3, ...rest]);
      } else this.#segment(marker, body);
    }
    this.#put([0xff, 0xd9]);
    return this.#bytes.subarray(0, this.#at);
  }

  #readTables(body: Uint8Array): void {
    for (let at = 0; at + 17 <= body.length;) {
      const counts = body.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      this.#tables.set(body[at]!, codeTable(counts, body.subarray(at + 17, at + 17 + total)));
      at += 17 + total;
    }
  }

  #scan({ body, intervals }: Segment, frame: Frame, dropped: number, name: string): void {
    const count = body[0]!;
    const first = body[1 + 2 * count]!;
    const isRefined = body[3 + 2 * count]! >> 4 > 0;
    const parts = Array.from({ length: count }, (_, i) => {
      const index = frame.components.findIndex(({ id }) => id === body[1 + 2 * i]);
      const tables = body[2 + 2 * i]!;
      const { wide = 0, high = 0 } = frame.components[index] ?? {};
      const [dc, ac] = [this.#tables.get(tables >> 4), this.#tables.get(16 + (tables & 15))];
      return { index, tables, blocks: wide * high, isKept: index !== dropped, dc, ac };
    });
    const kept = parts.filter(({ isKept }) => isKept);
    if (kept.length === 0) return;
    if (kept.length === 1 && count > 1 && kept[0]!.blocks > 1)
      throw damaged(name, 'JPEG', 'it is CMYK in scans that no usual encoder makes');
    const chosen = kept.flatMap(({ index, tables }) => [frame.components[index]?.id ?? 0, tables]);
    this.#segment(0xda, [kept.length, ...chosen, ...body.subarray(1 + 2 * count)]);
    let left = frame.units;
    intervals.forEach((coded, i) => {
      if (i > 0) this.#put([0xff, 0xd0 + ((i - 1) & 7)]);
      if (count === 1) {
        for (const byte of coded) this.#putStuffed(byte);
        return;
      }
      const bits = new Bits(coded);
      const units = this.#interval === 0 ? left : Math.min(left, this.#interval);
      left -= units;
      for (let unit = 0; unit < units && !bits.isOver; unit++)
        for (const { blocks, isKept, dc, ac } of parts)
          for (let block = 0; block < blocks; block++) {
            const to = isKept ? this : undefined;
            if (first === 0 && isRefined) bits.copy(1, to);
            else copyBlock(bits, to, dc, frame.isProgressive ? undefined : ac);
          }
      if (bits.isOver) throw damaged(name, 'JPEG', 'Premature end of the data of a scan');
      this.#flush();
    });
    if (left > 0 && count > 1) throw damaged(name, 'JPEG', 'Premature end of the data of a scan');
  }

  /** Appends `count` bits, at most 16. */
  bits(value: number, count: number): void {
    this.#held = (this.#held << count) | value;
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      this.#putStuffed((this.#held >> this.#count) & 255);
    }
    this.#held &= (1 << this.#count) - 1;
  }

  #flush(): void {
    if (this.#count > 0) this.bits((1 << (8 - this.#count)) - 1, 8 - this.#count);
  }

  #putStuffed(byte: number): void {
    this.#bytes[this.#at++] = byte;
    if (byte === 0xff) this.#bytes[this.#at++] = 0;
  }

  #put(bytes: ArrayLike<number>): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #segment(marker: number, body: ArrayLike<number>): void {
    this.#put([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255]);
    this.#put(body);
  }
}

/** A reader of an interval's bits, from the highest of each byte. */
class Bits {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at > 8 * this.#bytes.length;
  }

  /** The next 16 bits; 0 past the end. */
  peek(): number {
    const bytes = this.#bytes;
    const i = this.#at >> 3;
    const three = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    return (three >> (8 - (this.#at & 7))) & 0xffff;
  }

  copy(count: number, to: Writer | undefined): void {
    if (count > 0) to?.bits(this.peek() >> (16 - count), count);
    this.#at += count;
  }
}

/** Copies a block of a sequential scan; without table `ac` only the first coefficient, as progressive scans begin. */
function copyBlock(
  bits: Bits,
  to: Writer | undefined,
  dc: Uint16Array | undefined,
  ac: Uint16Array | undefined,
): void {
  const symbolOf = (table: Uint16Array | undefined): number => {
    const found = table?.[bits.peek()] ?? 0;
    // Not a code, which the codec reports: the rest of the scan is skipped.
    bits.copy(found >> 8 || 16, to);
    return found & 255;
  };
  bits.copy(symbolOf(dc) & 15, to);
  if (!ac) return;
  for (let k = 1; k < 64; k++) {
    const symbol = symbolOf(ac);
    const count = symbol & 15;
    if (count === 0 && symbol !== 0xf0) return;
    bits.copy(count, to);
    k += symbol >> 4;
  }
}
