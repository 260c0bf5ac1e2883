/** Images as samples: what torchvision's Resize and CenterCrop make of them, to a rounding. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RgbaImage } from '../../src/formats/pixels.js';
import { toShape, type Fit, type ImageShape } from '../../src/formats/resize.js';
import { loadGolden, unpack } from '../support/golden.js';
import { picture } from '../support/images.js';
import { numbers } from '../support/numbers.js';

interface Case {
  readonly width: number;
  readonly height: number;
  readonly size: readonly [number, number];
  readonly fit: Fit;
  readonly seed: number;
  readonly y: string;
}

/** The image that test/golden/make_images.py draws. */
function grey(width: number, height: number, seed: number): RgbaImage {
  const rgba = new Uint8Array(width * height * 4);
  numbers(width * height, seed).forEach((value, i) => {
    rgba.fill(Math.floor((value + 1) * 128), 4 * i, 4 * i + 3);
    rgba[4 * i + 3] = 255;
  });
  return { width, height, rgba };
}

const sampleOf = (image: RgbaImage, shape: ImageShape, fit: Fit): Uint8Array => {
  const sample = new Uint8Array(shape[0] * shape[1] * shape[2]).fill(77);
  toShape(image, shape, fit, sample);
  return sample;
};

test('scaled down and up, cropped and stretched as torch does', () => {
  for (const { width, height, size, fit, seed, y } of loadGolden<Case>('images')) {
    const expected = unpack(y);
    for (const channels of [1, 3] as const) {
      const found = sampleOf(grey(width, height, seed), [channels, ...size], fit);
      found.forEach((value, i) => {
        const error = Math.abs(value - expected[i % expected.length]!);
        // Half of a rounding across, and half of one down.
        assert.ok(error <= 1, `${width} × ${height} to ${size.join(' × ')}, ${fit}: ${error}`);
      });
    }
  }
});

test('an image of the sample’s extents is that sample, channel by channel', () => {
  const image = picture(9, 6, 4);
  for (const fit of ['crop', 'pad', 'stretch'] as const) {
    const sample = sampleOf(image, [3, 6, 9], fit);
    sample.forEach((value, i) => assert.is(value, image.rgba[(i % 54) * 4 + Math.floor(i / 54)]));
  }
});

test('padding leaves black around a whole image', () => {
  const white = { width: 40, height: 10, rgba: new Uint8Array(1600).fill(255) };
  const sample = sampleOf(white, [1, 8, 8], 'pad');
  const rows = Array.from({ length: 8 }, (_, y) => [...sample.subarray(y * 8, y * 8 + 8)]);
  for (const [y, row] of rows.entries())
    assert.equal(
      row,
      Array.from({ length: 8 }, () => (y === 3 || y === 4 ? 255 : 0)),
    );
  assert.equal(
    [...new Set(sampleOf({ ...white, width: 10, height: 40 }, [1, 8, 8], 'pad'))],
    [0, 255],
  );
});

test('transparent parts show white', () => {
  const clear = { width: 1, height: 1, rgba: Uint8Array.of(10, 20, 30, 0) };
  const half = { width: 1, height: 1, rgba: Uint8Array.of(0, 100, 255, 128) };
  assert.equal([...sampleOf(clear, [3, 1, 1], 'crop')], [255, 255, 255]);
  assert.equal([...sampleOf(half, [3, 1, 1], 'crop')], [127, 177, 255]);
  assert.equal([...sampleOf(clear, [1, 1, 1], 'crop')], [255]);
});

test('a line of one pixel, and very thin images', () => {
  for (const [width, height] of [
    [1, 300],
    [300, 1],
    [2, 1],
  ] as const)
    for (const fit of ['crop', 'pad', 'stretch'] as const)
      assert.ok(sampleOf(grey(width, height, 5), [3, 8, 8], fit).some((value) => value > 0));
});

test.run();
