/** PNG images of every colour type become grey, and files that are not PNG are refused by name. */
import { deflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { toGrey } from '../../src/formats/pixels.js';
import { loadGolden } from '../support/golden.js';
import { LanewiseError } from '../../src/base/errors.js';
import { decodePng } from '../../src/formats/image.js';

/** Pixels as [r, g, b, a] each, written with pngjs. */
function png(width: number, pixels: readonly (readonly number[])[], colorType = 6): Uint8Array {
  const image = new PNG({ width, height: pixels.length / width });
  image.data.set(pixels.flat());
  return PNG.sync.write(image, { colorType: colorType as 6 });
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  body.copy(bytes, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}

/** A PNG put together chunk by chunk: `rows` are the scanlines with their filter bytes. */
function rawPng(width: number, height: number, format: number[], rows: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set(format, 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}
const interlacedGrey = [8, 0, 0, 0, 1];
const plainGrey = [8, 0, 0, 0, 0];

function refusal(bytes: Uint8Array): string {
  try {
    decodePng(bytes, 'x.png');
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.is((error as LanewiseError).kind, 'file');
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('colour becomes grey by Rec. 601, transparency shows white paper', () => {
  const colours = [
    [255, 0, 0, 255],
    [0, 255, 0, 255],
    [0, 0, 255, 255],
    [255, 255, 255, 255],
    [0, 0, 0, 255],
    [0, 0, 0, 0],
    [0, 0, 0, 128],
    [10, 200, 30, 51],
  ];
  const { width, height, grey } = decodePng(png(4, colours), 'colours');
  assert.equal([width, height], [4, 2]);
  // 0.299 · 255 = 76.2, 0.587 · 255 = 149.7, 0.114 · 255 = 29.1, 255 · 127 / 255 = 127,
  // (0.299 · 10 + 0.587 · 200 + 0.114 · 30) / 5 + 0.8 · 255 = 228.8
  assert.equal([...grey], [76, 150, 29, 255, 0, 255, 127, 229]);
});

test('opaque colour and greyscale files give the same greys', () => {
  const greys = [0, 1, 127, 128, 254, 255].map((v) => [v, v, v, 255]);
  for (const colorType of [0, 2, 6]) {
    const { grey } = decodePng(png(3, greys, colorType), `type ${colorType}`);
    assert.equal([...grey], [0, 1, 127, 128, 254, 255]);
  }
});

test('16-bit, 1-bit and interlaced images are read', () => {
  const deep = rawPng(2, 1, [16, 0, 0, 0, 0], Uint8Array.of(0, 0x80, 0x00, 0xff, 0xff));
  assert.equal([...decodePng(deep, 'deep').grey], [128, 255]);
  const bits = rawPng(3, 1, [1, 0, 0, 0, 0], Uint8Array.of(0, 0b10100000));
  assert.equal([...decodePng(bits, 'bits').grey], [255, 0, 255]);
  // 2 × 2 in Adam7: pass 1 has (0, 0), pass 6 (1, 0), pass 7 the second row.
  const passes = rawPng(2, 2, interlacedGrey, Uint8Array.of(0, 10, 0, 20, 0, 30, 40));
  assert.equal([...decodePng(passes, 'interlaced').grey], [10, 20, 30, 40]);
});

test('reads from the middle of a larger buffer', () => {
  const bytes = png(1, [[9, 9, 9, 255]]);
  const larger = new Uint8Array(bytes.length + 5);
  larger.set(bytes, 5);
  assert.equal([...decodePng(larger.subarray(5), 'middle').grey], [9]);
});

test('other files are refused with what they are', () => {
  const starts = (...bytes: number[]) => refusal(Uint8Array.from([...bytes, ...Array(40).fill(7)]));
  assert.is(
    starts(0xff, 0xd8, 0xff, 0xe0),
    "'x.png' is not a PNG image (it starts with ff d8 ff: a JPEG)",
  );
  assert.match(starts(...Buffer.from('GIF89a')), /47 49 46 38: a GIF/);
  assert.match(starts(...Buffer.from('<svg')), /an SVG/);
  assert.match(starts(1, 2, 3, 4, 5), /\(it starts with 01 02 03 04\)/);
  assert.match(refusal(new Uint8Array()), /not a PNG image: it is empty/);
});

test('bytes behind the image and behind its data are passed over', () => {
  const [rows, format] = [Uint8Array.of(0, 7, 200, 0, 9, 30), plainGrey];
  const clean = rawPng(2, 2, format, rows);
  const behind = Buffer.concat([clean, Buffer.from('trailing bytes'), clean]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(2, 0);
  header.writeUInt32BE(2, 4);
  header.set(format, 8);
  const stored = Buffer.concat([deflateSync(rows), Buffer.from([1, 2, 3, 4, 5, 6, 7])]);
  const inside = Buffer.concat([
    clean.subarray(0, 8),
    chunk('IHDR', header),
    chunk('IDAT', stored.subarray(0, 5)),
    chunk('IDAT', stored.subarray(5)),
    chunk('tEXt', Buffer.from('a\0b')),
    chunk('IEND', new Uint8Array()),
    Buffer.from('and more'),
  ]);
  for (const bytes of [clean, behind, inside])
    assert.equal([...decodePng(bytes, 'x.png').grey], [7, 200, 9, 30]);
});

test('grey is Pillow’s', () => {
  interface Greys {
    readonly kind: string;
    readonly colours: number[][];
    readonly values: number[];
  }
  const { colours, values } = loadGolden<Greys>('crops').find(({ kind }) => kind === 'grey')!;
  const rgba = Uint8Array.from(colours.flatMap((colour) => [...colour, 255]));
  assert.equal([...toGrey(rgba, colours.length)], values);
});

test('extents are refused before anything is allocated for them', () => {
  const sized = (width: number, height: number) =>
    refusal(rawPng(width, height, plainGrey, Uint8Array.of(0, 0)));
  assert.is(sized(0xffffffff, 1), "'x.png' has 4294967295 × 1 pixels, expected 1 to 16777216");
  assert.match(sized(4097, 4096), /4097 × 4096 pixels/);
  assert.match(sized(0, 5), /0 × 5 pixels/);
});

test('more data than the extents allow is refused, interlaced or not', () => {
  const zeros = new Uint8Array(50_000_000);
  for (const format of [plainGrey, interlacedGrey]) {
    const bytes = rawPng(8, 8, format, zeros);
    assert.ok(bytes.length < 60_000);
    assert.match(refusal(bytes), /inflates to more than the (72|79) bytes of its extents/);
  }
});

test('data that is too short is refused', () => {
  for (const format of [plainGrey, interlacedGrey]) {
    const message = refusal(rawPng(8, 8, format, new Uint8Array(20)));
    assert.match(
      message,
      /'x\.png' is a damaged PNG image: its data inflates to 20 bytes, expected 7/,
    );
  }
});

test('a file cut at any byte is refused', () => {
  const bytes = png(
    8,
    Array.from({ length: 64 }, () => [1, 2, 3, 255]),
  );
  for (let length = 0; length < bytes.length; length++) {
    assert.match(refusal(bytes.subarray(0, length)), /^'x\.png' is /);
  }
});

test('a file with any one byte changed is refused or decoded, never anything else', () => {
  const bytes = png(
    8,
    Array.from({ length: 64 }, () => [1, 2, 3, 255]),
  );
  let refused = 0;
  for (let i = 0; i < bytes.length; i++) {
    const changed = Uint8Array.from(bytes);
    changed[i]! ^= 0x41;
    try {
      decodePng(changed, 'x.png');
    } catch (error) {
      assert.instance(error, LanewiseError, `byte ${i}: ${String(error)}`);
      refused++;
    }
  }
  assert.ok(refused > bytes.length / 2, `${refused} of ${bytes.length}`);
});

test.run();
