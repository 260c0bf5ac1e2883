/** PNG, JPEG and WebP files become pixels by what they are, not by what they are called, or are refused by name. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeImage } from '../../src/formats/image-codecs.js';
import { toShape, type Fit, type ImageShape } from '../../src/formats/resize.js';
import { loadGolden } from '../support/golden.js';
import { createDraw } from '../support/numbers.js';
import { encodeImage, picture, type Format } from '../support/images.js';

const decode = (bytes: Uint8Array, most = 2 ** 20) => decodeImage(bytes, 'x.img', most);

async function refusal(bytes: Uint8Array, most?: number): Promise<string> {
  try {
    await decode(bytes, most);
  } catch (error) {
    assert.instance(error, LanewiseError, String((error as Error).stack));
    assert.is((error as LanewiseError).kind, 'file');
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

const image = picture(37, 23, 3);
const encoded: Readonly<Record<Format, Uint8Array>> = {
  png: await encodeImage('png', image),
  jpg: await encodeImage('jpg', image, { quality: 95, chroma_subsample: 1, auto_subsample: false }),
  webp: await encodeImage('webp', image, { lossless: 1 }),
};

/** The largest difference of two arrays of bytes, and the mean one. */
function distance(a: Uint8Array, b: Uint8Array): [most: number, mean: number] {
  const differences = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return [Math.max(...differences), differences.reduce((x, y) => x + y, 0) / a.length];
}

test('lossless formats give the pixels, JPEG nearly', async () => {
  for (const format of ['png', 'webp'] as const)
    assert.equal(distance((await decode(encoded[format])).rgba, image.rgba), [0, 0], format);
  const { width, height, rgba } = await decode(encoded.jpg);
  assert.equal([width, height], [37, 23]);
  assert.ok(distance(rgba, image.rgba)[1] < 4, String(distance(rgba, image.rgba)));
});

test('lossy WebP and grey and baseline JPEG are decoded too', async () => {
  for (const [format, options] of [
    ['webp', { quality: 90 }],
    ['jpg', { quality: 95, progressive: false, baseline: true }],
    ['jpg', { quality: 95, progressive: true, auto_subsample: true }],
  ] as const) {
    const { rgba } = await decode(await encodeImage(format, image, options));
    const [, mean] = distance(rgba, image.rgba);
    assert.ok(mean < 20, `${format} ${mean}`);
  }
  const { rgba } = await decode(await encodeImage('jpg', image, { quality: 95, color_space: 1 }));
  for (let i = 0; i < rgba.length; i += 4) assert.is(rgba[i], rgba[i + 2]);
});

/** An APP1 segment that asks for a quarter turn, behind the start of the image. */
function turned(jpeg: Uint8Array): Uint8Array {
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
  const tiff = [...Buffer.from('MM'), 0, 42, 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0];
  const body = [...Buffer.from('Exif\0\0'), ...tiff];
  const segment = [0xff, 0xe1, 0, body.length + 2, ...body];
  return Uint8Array.from([...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2)]);
}

test('EXIF orientation is ignored', async () => {
  const plain = await decode(encoded.jpg);
  const found = await decode(turned(encoded.jpg));
  assert.equal([found.width, found.height], [37, 23]);
  assert.equal(distance(found.rgba, plain.rgba), [0, 0]);
});

test('files of another type, empty or cut short are refused', async () => {
  assert.match(
    await refusal(new Uint8Array()),
    /'x.img' is no PNG, JPEG or WebP image: it is empty/,
  );
  assert.match(
    await refusal(Buffer.from('<html>404 not found</html>')),
    /it starts with '<html>404 not found<\/html>'$/,
  );
  assert.match(await refusal(Buffer.from('GIF89a')), /it starts with 47 49 46 38 39 61/);
  for (const format of ['png', 'jpg', 'webp'] as const) {
    const bytes = encoded[format];
    for (let count = 12; count < bytes.length; count += Math.ceil(bytes.length / 40))
      assert.match(await refusal(bytes.subarray(0, count)), /'x.img' is a damaged/);
    // And nothing of it stays behind in the codec.
    assert.is((await decode(bytes)).width, 37);
  }
});

/** An image whose data is cut in the middle but whose end is there. */
test('a JPEG that lacks data before its end is refused', async () => {
  const { jpg } = encoded;
  const half = [...jpg.subarray(0, jpg.length - 400), 0xff, 0xd9];
  assert.match(await refusal(Uint8Array.from(half)), /damaged JPEG image: (Premature|Corrupt)/);
});

/** Where a JPEG's frame header has its height. */
const frameAt = (jpeg: Uint8Array): number => {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset);
  let at = 2;
  while (![0xc0, 0xc2].includes(jpeg[at + 1]!)) at += 2 + view.getUint16(at + 2);
  return at + 5;
};

test('too many pixels are refused before any is decoded', async () => {
  for (const bytes of Object.values(encoded))
    assert.is(await refusal(bytes, 850), `'x.img' has 37 × 23 pixels, expected 1 to 850`);
  const huge = encoded.jpg.slice();
  huge.fill(0xff, frameAt(huge), frameAt(huge) + 4);
  assert.match(await refusal(huge), /has 65535 × 65535 pixels/);
});

/** `LANEWISE_FUZZ=10000` for as many of each. */
const mutants = Number(process.env['LANEWISE_FUZZ'] ?? 400);

interface Cmyk {
  readonly name: string;
  readonly size: readonly [width: number, height: number];
  readonly jpeg: string;
  readonly rgb: string;
}

const cmyk = loadGolden<Cmyk>('cmyk').map(({ jpeg, rgb, ...rest }) => ({
  ...rest,
  jpeg: new Uint8Array(Buffer.from(jpeg, 'base64')),
  rgb: Buffer.from(rgb, 'base64'),
}));

test('CMYK and YCCK are the colours of Pillow', async () => {
  for (const { name, size, jpeg, rgb } of cmyk) {
    const { width, height, rgba } = await decode(jpeg);
    assert.equal([width, height], size, name);
    const found = Uint8Array.from({ length: rgb.length }, (_, i) => rgba[i + Math.floor(i / 3)]!);
    assert.equal(distance(found, rgb), [0, 0], name);
    for (let i = 3; i < rgba.length; i += 4) assert.is(rgba[i], 255);
  }
});

test('damaged CMYK is refused or decoded in its shape', async () => {
  const draw = createDraw(17);
  let refused = 0;
  const count = mutants / 4;
  for (let i = 0; i < count; i++) {
    const { jpeg } = cmyk[i % cmyk.length]!;
    const bytes = jpeg.slice();
    for (let n = draw(1, 4); n > 0; n--) bytes[draw(2, bytes.length - 1)] = draw(0, 255);
    try {
      const { width, height, rgba } = await decode(bytes, 2 ** 18);
      assert.is(rgba.length, width * height * 4);
    } catch (error) {
      assert.instance(error, LanewiseError, `${i}: ${String((error as Error).stack)}`);
      refused++;
    }
  }
  assert.ok(refused > count / 10, `${refused} of ${count} refused`);
  for (const { jpeg } of cmyk)
    assert.match(
      await refusal(Uint8Array.from([...jpeg.subarray(0, -40), 0xff, 0xd9])),
      /'x.img' is a damaged JPEG image: (Premature|Corrupt|it is cut short)/,
    );
});

test('animations, endless scans and two components are refused', async () => {
  const two = encoded.jpg.slice();
  two[frameAt(two) + 4] = 2;
  assert.match(await refusal(two), /JPEG image of 2 colour components/);
  const arithmetic = encoded.jpg.slice();
  arithmetic[frameAt(arithmetic) - 4] = 0xc9;
  assert.is(
    await refusal(arithmetic),
    "'x.img' is an arithmetic-coded JPEG image, which is not read",
  );
  const animated = Buffer.alloc(40);
  animated.write('RIFF', 0);
  animated.writeUInt32LE(32, 4);
  animated.write('WEBPVP8X', 8);
  animated[20] = 2;
  assert.match(await refusal(animated), /animated WebP/);
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0];
  const scans = Array.from({ length: 101 }, () => scan).flat();
  const endless = [...encoded.jpg.subarray(0, -2), ...scans, 0xff, 0xd9];
  assert.match(await refusal(Uint8Array.from(endless)), /more than 100 scans/);
});

test('mutated files end in an error by name or in the right shape', async () => {
  const draw = createDraw(11);
  const shape: ImageShape = [3, 8, 8];
  const fits: readonly Fit[] = ['crop', 'pad', 'stretch'];
  const small = picture(19, 14, 2);
  for (const format of ['png', 'jpg', 'webp'] as const) {
    const sources = [
      await encodeImage(format, small),
      await encodeImage(format, small, { lossless: 1, progressive: false, color_space: 1 }),
    ];
    let refused = 0;
    for (let i = 0; i < mutants; i++) {
      const source = sources[i % 2]!;
      let bytes = source.slice(0, draw(0, 9) === 0 ? draw(0, source.length) : source.length);
      for (let n = draw(1, 6); n > 0 && bytes.length > 0; n--) {
        const at = draw(0, 1) ? draw(0, Math.min(63, bytes.length - 1)) : draw(0, bytes.length - 1);
        bytes[at] = draw(0, 2) ? draw(0, 255) : 0xff;
      }
      if (draw(0, 19) === 0) bytes = Uint8Array.from([...bytes, ...bytes.subarray(30)]);
      try {
        const found = await decode(bytes, 2 ** 18);
        assert.is(found.rgba.length, found.width * found.height * 4);
        toShape(found, shape, fits[i % 3]!, new Uint8Array(192));
      } catch (error) {
        assert.instance(error, LanewiseError, `${format} ${i}: ${String((error as Error).stack)}`);
        refused++;
      }
    }
    assert.ok(refused > mutants / 4, `${format}: ${refused} of ${mutants} refused`);
  }
});

test.run();
