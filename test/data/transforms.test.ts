/** Transforms against PyTorch's values, plain loops in doubles, and their definitions. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { affineMap } from '../../src/data/transforms/affine.js';
import * as t from '../../src/data/transforms/index.js';
import type { ImageShape, Transform } from '../../src/data/transforms/transform.js';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { transformSamples } from '../../src/feed/transform-samples.js';
import { availableNumerics } from '../kernels/instance.js';
import { elasticDisplacements, sampleAt } from '../reference/warp.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { createDraw, numbers } from '../support/numbers.js';
import { somewhere, transformSample } from '../support/transforms.js';

interface Case {
  readonly kind: 'affine' | 'resize' | 'hue';
  readonly shape: ImageShape;
  readonly seed: number;
  readonly settings: never;
  readonly y: string;
}

const unit = (values: Float32Array) => values.map((v) => (v + 1) / 2);

test('affine, resize and hue give PyTorch’s and Python’s values', async () => {
  for (const { kind, shape, seed, settings, y } of loadGolden<Case>('transforms')) {
    const x = numbers(sizeOf(shape), seed);
    const { turn } = settings as { turn: number };
    const transform = {
      affine: () => t.affine(settings),
      resize: () => t.resize(settings),
      hue: () => t.colorJitter({ hue: [turn, turn] }),
    }[kind]();
    const { values } = await transformSample([transform], shape, kind === 'hue' ? unit(x) : x);
    assertClose(values, unpack(y), 1e-3, `${kind} ${shape} ${JSON.stringify(settings)}`);
  }
});

test('elastic is the smoothed noise of its definition; an affine map before it shares its look-up', async () => {
  const draw = createDraw(5);
  for (let i = 0; i < 24; i++) {
    const shape: ImageShape = [draw(1, 3), draw(1, 30), draw(1, 30)];
    const [, h, w] = shape;
    const [alpha, sigma, fill] = [draw(0, 60), draw(2, 24) / 4, draw(0, 2) / 2];
    const x = numbers(sizeOf(shape), i);
    const settings = { angle: draw(-30, 30), translate: [1, -0.5], scale: 1.2, fill } as const;
    const maps = i % 2 === 0 ? [] : [t.affine(settings)];
    const list = [...maps, t.elastic({ alpha, sigma, fill })];
    const { values } = await transformSample(list, shape, x);
    const [dx, dy] = elasticDisplacements(h, w, alpha, sigma, somewhere, maps.length);
    const [a, b, c, d, e, f] = maps.length
      ? affineMap(shape, settings.angle, settings.translate, settings.scale, [0, 0])
      : [1, 0, 0, 0, 1, 0];
    const expected = Array.from(x, (_, n) => {
      const at = n % (h * w);
      const [u, v] = [(at % w) + dx[at]!, Math.floor(at / w) + dy[at]!];
      const [px, py] = [a * u + b * v + c, d * u + e * v + f];
      return sampleAt(x, shape, Math.floor(n / (h * w)), px, py, fill);
    });
    // The places are float32: neighbours that differ by 2 make of 1e-5 pixels at most 1e-4.
    const worst = Math.max(...expected.map((value, n) => Math.abs(value - values[n]!)));
    assert.ok(worst < 2e-4, `${shape} alpha ${alpha} sigma ${sigma}: off by ${worst}`);
  }
});

test('a displacement has the deviation that the documentation says', () => {
  const [dx, dy] = elasticDisplacements(60, 60, 34, 4, somewhere, 0);
  let sum = 0;
  let count = 0;
  for (let i = 12; i < 48; i++) {
    for (let j = 12; j < 48; j++) {
      for (const field of [dx, dy]) {
        sum += field[i * 60 + j]! ** 2;
        count++;
      }
    }
  }
  const expected = 34 / (4 * Math.sqrt(12 * Math.PI));
  assert.ok(Math.abs(Math.sqrt(sum / count) / expected - 1) < 0.35, `${Math.sqrt(sum / count)}`);
});

/** The transform's result for the numbers 0, 1, 2 …. */
async function ofPixels(list: readonly Transform[], shape: ImageShape) {
  const x = Float32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  const result = await transformSample(list, shape, x);
  return { shape: [...result.shape], values: [...result.values] };
}

test('crops cut what they say, and fill what is not there', async () => {
  assert.equal(await ofPixels([t.cropAt({ top: 1, left: 1, size: [1, 2] })], [2, 3, 4]), {
    shape: [2, 1, 2],
    values: [5, 6, 17, 18],
  });
  assert.equal(await ofPixels([t.cropAt({ top: -1, left: 1, size: [2, 3], fill: 9 })], [1, 2, 3]), {
    shape: [1, 2, 3],
    values: [9, 9, 9, 1, 2, 9],
  });
  assert.equal(
    (await ofPixels([t.cropAt({ top: 5, left: -7, size: 2, fill: 3 })], [1, 2, 2])).values,
    [3, 3, 3, 3],
  );
  assert.equal((await ofPixels([t.centerCrop(2)], [1, 4, 4])).values, [5, 6, 9, 10]);
  assert.equal((await ofPixels([t.centerCrop([3, 1])], [1, 1, 3])).values, [0, 1, 0]);
});

interface CropCase {
  readonly kind: 'center' | 'ten' | 'grey';
  readonly shape: [number, number, number];
  readonly size: [number, number];
  readonly values: number[] | number[][];
}

test('middles and ten crops are torchvision’s, to the pixel', async () => {
  for (const { kind, shape, size, values } of loadGolden<CropCase>('crops')) {
    if (kind === 'grey') continue;
    const samples = Float32Array.from({ length: shape[1] * shape[2] }, (_, i) => i + 1);
    const views = kind === 'ten' ? t.tenCrop(size) : [[t.centerCrop(size)]];
    const found = await Promise.all(views.map((view) => transformSamples(view, shape, samples)));
    assert.equal(
      found.map((view) => [...view.samples]),
      kind === 'ten' ? values : [values],
      `${kind} ${size.join('×')} of ${shape.join('×')}`,
    );
  }
});

test('random crops reach every place, and no other', async () => {
  const places = new Set<number>();
  for (let place = 0; place < 200; place++) {
    const x = Float32Array.from({ length: 12 }, (_, i) => i + 1);
    const at = { ...somewhere, place };
    const list = [t.randomCrop({ size: [2, 3], padding: 1 })];
    const { values } = await transformSample(list, [1, 3, 4], x, at);
    // The first pixel and the one below and right of it name the place.
    places.add(values[0]! * 100 + values[4]!);
  }
  assert.is(places.size, 16, `${[...places]}`);
});

test('flips mirror, with their probability', async () => {
  assert.equal((await ofPixels([t.randomHorizontalFlip(1)], [2, 1, 3])).values, [2, 1, 0, 5, 4, 3]);
  assert.equal((await ofPixels([t.randomVerticalFlip(1)], [1, 3, 2])).values, [4, 5, 2, 3, 0, 1]);
  assert.equal((await ofPixels([t.randomVerticalFlip(0)], [1, 3, 2])).values, [0, 1, 2, 3, 4, 5]);
  let flipped = 0;
  for (let place = 0; place < 300; place++) {
    const x = Float32Array.of(0, 1);
    const at = { ...somewhere, place };
    const { values } = await transformSample([t.randomHorizontalFlip(0.3)], [1, 1, 2], x, at);
    flipped += values[0]!;
  }
  assert.ok(Math.abs(flipped - 90) < 30, `${flipped} of 300`);
});

test('values: normalize, intensity, invert, grayscale, brightness, contrast, saturation, lighting', async () => {
  const shape: ImageShape = [3, 3, 3];
  const x = unit(numbers(27, 3));
  const of = async (transform: Transform) => (await transformSample([transform], shape, x)).values;
  const gray = (e: number) => 0.2989 * x[e]! + 0.587 * x[9 + e]! + 0.114 * x[18 + e]!;
  const grays = Array.from({ length: 9 }, (_, e) => gray(e));
  const mean = grays.reduce((sum, v) => sum + v, 0) / 9;
  const clamp = (v: number) => Math.min(1, Math.max(0, v));
  const each = (f: (v: number, c: number, e: number) => number) =>
    Float64Array.from(x, (v, i) => f(v, Math.floor(i / 9), i % 9));
  const means = [0.4, 0.5, 0.6];
  const axes = {
    values: [0.2, 0.02, 0.004],
    vectors: [
      [0.6, 0.8, 0],
      [-0.8, 0.6, 0],
      [0, 0, 1],
    ],
  };
  const expected: [string, Transform, Float64Array | number[]][] = [
    ['normalize', t.normalize({ mean: means, std: 0.5 }), each((v, c) => (v - means[c]!) / 0.5)],
    ['intensity', t.randomIntensity({ scale: [2, 2], shift: [-1, -1] }), each((v) => 2 * v - 1)],
    ['invert', t.invert(), each((v) => 1 - v)],
    ['gray', t.grayscale(), grays],
    ['gray of 3', t.grayscale(3), [...grays, ...grays, ...grays]],
    ['brightness', t.colorJitter({ brightness: [1.5, 1.5] }), each((v) => clamp(1.5 * v))],
    ['contrast', t.colorJitter({ contrast: [0.3, 0.3] }), each((v) => clamp(0.3 * v + 0.7 * mean))],
    [
      'saturation',
      t.colorJitter({ saturation: [1.8, 1.8] }),
      each((v, _, e) => clamp(1.8 * v - 0.8 * gray(e))),
    ],
    ['no lighting', t.pcaLighting({ ...axes, std: 0 }), each((v) => v)],
  ];
  for (const [what, transform, values] of expected)
    assertClose(await of(transform), values, 1e-4, what);
  // Lighting moves every pixel alike, by a sum of the axes.
  const lit = await of(t.pcaLighting({ ...axes, std: 1 }));
  const moves = [0, 9, 18].map((c) => lit[c]! - x[c]!);
  assertClose(
    lit,
    each((v, c) => v + moves[c]!),
    1e-4,
    'lighting',
  );
  assert.ok(moves.some((move) => Math.abs(move) > 1e-3));
});

test('the colour axes of pixels are those of their covariance', () => {
  // Two directions of known variance: (1, 1, 0)/√2 with 0.08 and (1, −1, 0)/√2 with 0.02.
  const steps = [-1, 1].flatMap((a) => [-1, 1].map((b) => [a * 0.2, b * 0.1] as const));
  const colours = steps.map(([a, b]) => [0.5 + a + b, 0.5 + a - b, 0.25]);
  const samples = Float32Array.from([0, 1, 2].flatMap((c) => colours.map((colour) => colour[c]!)));
  const data = {
    name: 'colours',
    shape: [3, 2, 2],
    classes: ['a'],
    samples,
    labels: new Uint8Array(1),
  } as const;
  const { values, vectors } = t.colourAxes(data);
  assertClose(values.slice(0, 2), [0.08, 0.02], 1e-5, 'variances');
  assert.ok(values[2]! < 1e-9);
  assertClose(vectors[0]!.map(Math.abs), [Math.SQRT1_2, Math.SQRT1_2, 0], 1e-4, 'first axis');
});

test('erasing and cutout replace boxes inside of the image', async () => {
  const shape: ImageShape = [2, 9, 11];
  let erased = 0;
  for (let place = 0; place < 100; place++) {
    const at = { ...somewhere, place };
    for (const transform of [
      t.randomErasing({ value: 7 }),
      t.cutout({ size: 4, count: 2, value: 7 }),
    ]) {
      const { values } = await transformSample([transform], shape, new Float32Array(198), at);
      assert.ok(values.every((v) => v === 0 || v === 7));
      // Both channels lose the same pixels.
      assert.equal(values.slice(0, 99), values.slice(99));
      const count = values.filter((v) => v === 7).length / 2;
      if (transform.kind === 'cutout') assert.ok(count >= 4 && count <= 32, `${count} pixels`);
      else if (count > 0) erased++;
    }
  }
  assert.ok(erased > 30 && erased < 70, `erased ${erased} of 100`);
});

test('noise has the deviation it says', async () => {
  const { values } = await transformSample(
    [t.gaussianNoise(0.5)],
    [1, 50, 41],
    new Float32Array(2050),
  );
  const mean = values.reduce((sum, v) => sum + v, 0) / 2050;
  const variance = values.reduce((sum, v) => sum + v * v, 0) / 2050;
  assert.ok(
    Math.abs(mean) < 0.05 && Math.abs(Math.sqrt(variance) - 0.5) < 0.05,
    `${mean} ${variance}`,
  );
});

test('chances: all or none, one of several, and different draws in lists in lists', async () => {
  const half = t.randomApply([t.invert(), t.randomIntensity({ scale: [2, 2] })], 0.5);
  const one = t.oneOf([[], [t.invert()], [t.randomIntensity({ shift: [5, 5] })]]);
  const [seenHalf, seenOne] = [new Set<number>(), new Set<number>()];
  for (let place = 0; place < 40; place++) {
    const at = { ...somewhere, place };
    const x = Float32Array.of(0.25);
    seenHalf.add((await transformSample([half], [1, 1, 1], x, at)).values[0]!);
    seenOne.add((await transformSample([one], [1, 1, 1], x, at)).values[0]!);
  }
  assert.equal([...seenHalf].toSorted(), [0.25, 1.5]);
  assert.equal([...seenOne].toSorted(), [0.25, 0.75, 5.25]);
  const shift = t.randomIntensity({ shift: [0, 1] });
  const nested = t.randomApply([shift, t.randomApply([shift], 1)], 1);
  const { values } = await transformSample([shift, nested], [1, 1, 1], Float32Array.of(0));
  const [first] = (await transformSample([shift], [1, 1, 1], Float32Array.of(0))).values;
  assert.ok(Math.abs(values[0]! - 3 * first!) > 1e-3, 'three draws are one');
});

test('five and ten crops are the corners, the middle and their mirror images', async () => {
  const views = await Promise.all(t.tenCrop(2).map((view) => ofPixels(view, [1, 4, 4])));
  assert.equal(
    views.map(({ values }) => values[0]),
    [0, 2, 8, 10, 5, 3, 1, 11, 9, 6],
  );
  assert.is(t.fiveCrop([1, 2]).length, 5);
});

interface MultiCropCase {
  readonly kind: string;
  readonly shape: [number, number, number];
  readonly size: number;
  readonly edges: readonly number[];
  readonly count: number;
  readonly values: string;
}

test('the crops of resized squares are torchvision’s', async () => {
  const cases = loadGolden<MultiCropCase>('dense').filter(({ kind }) => kind === 'crops');
  assert.is(cases.length, 3);
  for (const { shape, size, edges, count, values } of cases) {
    const views = t.multiCrop(size, { edges });
    assert.is(views.length, count);
    assert.is(count, 36 * edges.length);
    const samples = numbers(shape[1] * shape[2], 7);
    const found = await Promise.all(views.map((view) => transformSamples(view, shape, samples)));
    const all = Float32Array.from(found.flatMap((view) => [...view.samples]));
    // torchvision's are float32 too.
    assertClose(all, unpack(values), 1e-4, `${size} of ${shape.join('×')}`);
  }
  assert.is(t.multiCrop(224, { edges: [256, 288, 320, 352] }).length, 144);
  // Of a square image the three squares are one, and so the mean of the views is that of a third of them.
  const square = t.multiCrop(4, { edges: [6] }).map((view) => ofPixels(view, [1, 8, 8]));
  const pixels = (await Promise.all(square)).map(({ values }) => String([...values]));
  assert.is(new Set(pixels).size, 12);
});

test('shapes follow, and what does not fit is refused', () => {
  assert.equal(t.shapeAfter([t.resize({ size: 10 })], [3, 20, 30]), [3, 10, 15]);
  const list = [t.randomResizedCrop({ size: 8 }), t.grayscale(), t.centerCrop([4, 6])];
  assert.equal(t.shapeAfter(list, [3, 9, 9]), [1, 4, 6]);
  const refusals: [() => unknown, string, RegExp][] = [
    [
      () => t.elastic({ alpha: 1, sigma: 0 }),
      'argument',
      /elastic: sigma is 0, expected .*0\.1 to 100/,
    ],
    [() => t.elastic({ alpha: NaN, sigma: 1 }), 'argument', /elastic: alpha is NaN/],
    [() => t.randomAffine({ degrees: -3 }), 'argument', /degrees is -3/],
    [
      () => t.multiCrop(8, { edges: [9, 7] }),
      'argument',
      /multiCrop: edges is \[9, 7\], expected lengths of at least 8/,
    ],
    [
      () => t.randomAffine({ degrees: [5, 1] }),
      'argument',
      /degrees is \[5, 1\], expected the smaller/,
    ],
    [() => t.randomAffine({ degrees: 1, shear: 90 }), 'argument', /shear is 90, expected .*89/],
    [() => t.randomAffine({ degrees: 1, sheer: 2 } as never), 'argument', /unknown option 'sheer'/],
    [() => t.affine({ scale: 0 }), 'argument', /scale is 0/],
    [() => t.randomHorizontalFlip(1.5), 'argument', /p is 1.5, expected a number from 0 to 1/],
    [() => t.randomCrop({ size: 0 }), 'argument', /size is 0, expected a whole number from 1/],
    [() => t.normalize({ mean: 0, std: 0 }), 'argument', /std is 0/],
    [() => t.grayscale(2 as never), 'argument', /channels is 2/],
    [() => t.colorJitter({ hue: 0.6 }), 'argument', /hue is 0.6/],
    [() => t.oneOf([]), 'argument', /oneOf: lists is \[\], expected a list of 1 or more/],
    [
      () => t.shapeAfter([{ kind: 'elastik', settings: {} }], [1, 2, 2]),
      'argument',
      /unknown transform/,
    ],
    [() => t.shapeAfter([t.elastic as never], [1, 2, 2]), 'argument', /a transform is a function/],
    [() => t.shapeAfter([t.randomCrop({ size: 5 })], [1, 4, 4]), 'data', /randomCrop of 5×5 from/],
    [() => t.shapeAfter(t.fiveCrop(5)[0]!, [1, 4, 4]), 'data', /crops of 5×5/],
    [() => t.shapeAfter([t.grayscale()], [2, 4, 4]), 'data', /1 or 3 channels/],
    [() => t.shapeAfter([t.normalize({ mean: [1, 2], std: 1 })], [3, 4, 4]), 'data', /2 values/],
    [() => t.shapeAfter([t.randomApply([t.centerCrop(2)])], [1, 4, 4]), 'data', /keep the shape/],
    [() => t.shapeAfter([t.oneOf([[], [t.centerCrop(2)]])], [1, 4, 4]), 'data', /one shape/],
    [() => t.shapeAfter([t.invert()], [784]), 'data', /expected channels × height × width/],
  ];
  for (const [run, kind, message] of refusals) {
    try {
      run();
    } catch (error) {
      assert.instance(error, LanewiseError, `${message}: ${error}`);
      assert.is((error as LanewiseError).kind, kind, `${message}`);
      assert.match((error as LanewiseError).message, message);
      continue;
    }
    assert.unreachable(`${message} was not refused`);
  }
});

/** A random list of transforms for samples of a shape. */
function randomList(draw: (low: number, high: number) => number, colours: boolean): Transform[] {
  const makers: (() => Transform)[] = [
    () => t.elastic({ alpha: draw(0, 100), sigma: draw(1, 40) / 4 }),
    () => t.randomAffine({ degrees: 180, translate: [1, 1], scale: [0.01, 20], shear: 60 }),
    () => t.affine({ angle: draw(-400, 400), translate: [draw(-99, 99), 1e6] }),
    () => t.resize({ size: [draw(1, 20), draw(1, 20)], antialias: draw(0, 1) === 1 }),
    () => t.resize({ size: draw(1, 9) }),
    () => t.randomResizedCrop({ size: [draw(1, 12), draw(1, 12)] }),
    () => t.cropAt({ top: draw(-9, 9), left: draw(-9, 9), size: [draw(1, 9), draw(1, 9)] }),
    () => t.randomCrop({ size: 1, padding: draw(0, 3) }),
    () => t.centerCrop([draw(1, 20), draw(1, 20)]),
    () => t.randomHorizontalFlip(),
    () => t.randomVerticalFlip(),
    () => t.randomIntensity({ scale: [0, 2] }),
    () => t.normalize({ mean: 1, std: 2 }),
    () => t.randomErasing({ p: 1, scale: [0.5, 1] }),
    () => t.cutout({ size: draw(1, 40), count: 3 }),
    () => t.gaussianNoise(1),
    () => t.randomApply([t.elastic({ alpha: 5, sigma: 3 }), t.invert()]),
    () => t.oneOf([[t.centerCrop(7)], [t.resize({ size: [90, 80] }), t.centerCrop(7)]]),
    ...(colours
      ? [
          () => t.colorJitter({ brightness: 1, contrast: 1, saturation: 1, hue: 0.5 }),
          () => t.grayscale(draw(0, 1) ? 3 : 1),
        ]
      : []),
  ];
  return Array.from({ length: draw(1, 5) }, () => makers[draw(0, makers.length - 1)]!());
}

test('any list on any shape writes nothing beyond its memory, and its bits are those of all numerics', async () => {
  const draw = createDraw(99);
  for (let i = 0; i < 400; i++) {
    const colours = draw(0, 1) === 1;
    const channels = colours ? [1, 3][draw(0, 1)]! : draw(1, 4);
    const shape: ImageShape = [channels, draw(1, 33), draw(1, 33)];
    const list = randomList(draw, colours);
    const x = numbers(sizeOf(shape), i);
    const at = { key0: i, key1: 0, step: draw(0, 9), place: draw(0, 99) };
    const results = [];
    for (const numerics of availableNumerics)
      results.push(await transformSample(list, shape, x, at, numerics));
    const what = `${shape} ${JSON.stringify(list)}`;
    const [first] = results;
    assert.equal([...first!.shape], [...t.shapeAfter(list, shape)]);
    assert.ok(first!.values.every(Number.isFinite), `not finite: ${what}`);
    const exact = !list.some(({ kind }) => kind === 'gaussianNoise');
    for (const { values } of results.slice(1)) if (exact) assert.equal(values, first!.values, what);
  }
});

test.run();
