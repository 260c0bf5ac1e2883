/** Images of any size and polarity become samples as MNIST would show them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { greyOfDrawing, toSample, type GreyImage } from '../../src/formats/image.js';

const shape = [1, 28, 28] as const;

/** `paint` gives the grey of each pixel. */
function image(width: number, height: number, paint: (x: number, y: number) => number): GreyImage {
  const grey = Uint8Array.from({ length: width * height }, (_, i) =>
    paint(i % width, Math.floor(i / width)),
  );
  return { width, height, grey };
}

const inside = (x: number, y: number, left: number, top: number, w: number, h: number) =>
  x >= left && x < left + w && y >= top && y < top + h;

/** Box of all that is not 0: left, top, width, height. */
function box(sample: Uint8Array): number[] {
  const on = [...sample.keys()].filter((i) => sample[i] !== 0);
  const xs = on.map((i) => i % 28);
  const ys = on.map((i) => Math.floor(i / 28));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
}

function refusal(picture: GreyImage, invert: boolean | 'auto'): LanewiseError {
  try {
    toSample(picture, shape, { invert, name: 'x.png' });
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
}

test('a sample of the right size with a dark border is used as it is', () => {
  const picture = image(28, 28, (x, y) => (inside(x, y, 2, 3, 5, 7) ? (x * 37 + y) % 256 : 3));
  const sample = toSample(picture, shape, { invert: 'auto' });
  assert.equal(sample, picture.grey);
  assert.is.not(sample, picture.grey);
  const paper = { ...picture, grey: picture.grey.map((value) => 255 - value) };
  assert.equal(toSample(paper, shape, { invert: 'auto' }), picture.grey);
  assert.equal(toSample(paper, shape, { invert: true }), picture.grey);
});

test('a digit is scaled into 20 × 20, aspect kept, and centred', () => {
  const tall = image(300, 200, (x, y) => (inside(x, y, 210, 30, 40, 100) ? 0 : 255));
  // 40 × 100 becomes 8 × 20; its middle, 3.5 and 9.5 in pixels of its own, comes to pixel 14.
  const sample = toSample(tall, shape, { invert: 'auto' });
  assert.equal(box(sample), [11, 5, 8, 20]);
  assert.ok(sample.every((value) => value === 0 || value === 255));
  const wide = image(90, 300, (x, y) => (inside(x, y, 5, 200, 80, 10) ? 255 : 0));
  // 80 × 10 becomes 20 × 2.5, rounded up to 3.
  assert.equal(box(toSample(wide, shape, { invert: 'auto' })).slice(2), [20, 3]);
});

test('a digit smaller than the box is scaled up', () => {
  const dot = image(6, 6, (x, y) => (inside(x, y, 2, 2, 2, 2) ? 200 : 0));
  assert.equal(box(toSample(dot, shape, { invert: 'auto' })).slice(2), [20, 20]);
});

test('pixels are averaged by area', () => {
  // 5 columns of ink into 2 of 4 × 2: the third column lies half under either.
  const columns = [250, 0, 100, 0, 200];
  const picture = image(7, 12, (x, y) => (inside(x, y, 1, 1, 5, 10) ? columns[x - 1]! : 0));
  const sample = toSample(picture, [1, 6, 4], { invert: false });
  // 4 × 6 has a box of 2 × 4, and 5 × 10 fills it: means 120 and 100, of which the stronger becomes 255.
  const row = sample.subarray(2 * 4, 3 * 4);
  assert.equal([...row].filter(Boolean), [255, Math.round((255 * 100) / 120)]);
});

test('the centre of mass is centred, not the box', () => {
  const head = image(60, 60, (x, y) =>
    inside(x, y, 10, 10, 20, 8) || inside(x, y, 10, 10, 4, 20) ? 255 : 0,
  );
  const [left, top] = box(toSample(head, shape, { invert: 'auto' }));
  // Mass 160 + 48: mean column (160 · 9.5 + 48 · 1.5) / 208 = 7.7, row (160 · 3.5 + 48 · 13.5) / 208 = 5.8.
  assert.equal([left, top], [6, 8]);
});

test('thin strokes stay visible', () => {
  const line = image(1000, 1000, (x, y) => (x === y && x > 100 && x < 900 ? 0 : 255));
  const sample = toSample(line, shape, { invert: 'auto' });
  assert.is(Math.max(...sample), 255);
});

test('the paper’s grain and shadows do not count as ink', () => {
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % 21;
  const photo = image(200, 200, (x, y) => {
    const ink = inside(x, y, 80, 50, 30, 100) ? 140 : 0;
    return 200 - ink - Math.floor(x / 10) + noise();
  });
  const [, , width, height] = box(toSample(photo, shape, { invert: 'auto' }));
  assert.equal([width, height], [6, 20]);
});

test('auto judges by the border even if all is rather dark, and the ink touches it', () => {
  const dim = image(100, 100, (x, y) => (inside(x, y, 40, 0, 20, 90) ? 20 : 110));
  const dark = toSample(dim, shape, { invert: 'auto' });
  assert.equal(dark, toSample(dim, shape, { invert: true }));
  assert.equal(box(dark).slice(2), [4, 20]);
});

test('blank images and ink of the wrong polarity are refused by name', () => {
  const blank = refusal(
    image(50, 50, (x) => 250 - (x % 2)),
    'auto',
  );
  assert.is(blank.kind, 'data');
  assert.is(blank.message, "'x.png' is blank: its pixels differ by 1 of 255 at most");
  assert.match(
    refusal(
      image(28, 28, () => 0),
      false,
    ).message,
    /is blank/,
  );
  const paper = image(50, 50, (x, y) => (inside(x, y, 20, 20, 9, 9) ? 0 : 255));
  const wrong = refusal(paper, false);
  assert.match(wrong.message, /'x\.png' has no light ink/);
  assert.match(wrong.hint ?? '', /inverted/);
});

test('a drawing on a transparent ground is the same sample in any colour, light ones too; blank pages stay blank', () => {
  const pixels = (of: (x: number, y: number) => readonly number[]) => ({
    width: 40,
    height: 40,
    rgba: Uint8Array.from(
      Array.from({ length: 1600 }, (_, i) => of(i % 40, Math.floor(i / 40))).flat(),
    ),
  });
  const isInk = (x: number, y: number) => inside(x, y, 12, 5, 6, 30) || inside(x, y, 12, 5, 15, 6);
  const drawn = (ink: number, ground: readonly number[]) =>
    toSample(
      greyOfDrawing(pixels((x, y) => (isInk(x, y) ? [ink, ink, ink, 255] : ground))),
      shape,
      { invert: 'auto', name: 'x.png' },
    );
  const expected = drawn(0, [255, 255, 255, 255]);
  assert.equal(box(expected)[3], 20);
  for (const ground of [
    [0, 0, 0, 0],
    [255, 255, 255, 0],
  ] as const)
    for (const ink of [0, 90, 200, 240, 255])
      assert.equal(drawn(ink, ground), expected, `${ink} on ${ground.join(' ')}`);
  assert.equal(drawn(255, [0, 0, 0, 255]), expected);
  const isCorner = (x: number, y: number) => (x < 3 || x > 36) && (y < 3 || y > 36);
  for (const page of [
    () => [0, 0, 0, 0],
    () => [255, 255, 255, 0],
    () => [255, 255, 255, 255],
    (x: number, y: number) => [255, 255, 255, isCorner(x, y) ? 0 : 255],
  ])
    assert.match(refusal(greyOfDrawing(pixels(page)), 'auto').message, /is blank/);
});

test('only samples of one channel are made', () => {
  const picture = image(9, 9, (x) => x * 20);
  assert.throws(
    () => toSample(picture, [3, 28, 28], { invert: 'auto' }),
    /found the shape 3×28×28/,
  );
});

test('MNIST digits put elsewhere on white paper come back where MNIST has them', () => {
  const folder = process.env['LANEWISE_DATA'] ?? '../shared/data/mnist';
  const file = ['.gz', '']
    .map((end) => join(folder, `t10k-images-idx3-ubyte${end}`))
    .find((path) => existsSync(path));
  if (file === undefined) return console.log(`skipped: no MNIST in ${folder}`);
  const bytes = readFileSync(file);
  const digits = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).subarray(16);
  let sameBox = 0;
  let difference = 0;
  for (let i = 0; i < 1000; i++) {
    const digit = digits.subarray(i * 784, (i + 1) * 784);
    const page = image(50, 60, (x, y) =>
      inside(x, y, 7, 20, 28, 28) ? 255 - digit[(y - 20) * 28 + x - 7]! : 255,
    );
    const sample = toSample(page, shape, { invert: 'auto' });
    // Traces below a twentieth count as paper.
    const clear = (values: Uint8Array) => box(values.map((value) => (value < 26 ? 0 : value)));
    if (clear(sample).join() === clear(digit).join()) sameBox++;
    difference += sample.reduce((sum, value, k) => sum + Math.abs(value - digit[k]!), 0) / 784;
  }
  assert.ok(sameBox >= 980, `${sameBox} of 1000 in the same place`);
  assert.ok(difference / 1000 < 1, `mean difference ${difference / 1000} of 255`);
});

test.run();
