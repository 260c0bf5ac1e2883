/** What pictures show lies where their data says, and nothing that is given becomes markup. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PNG } from 'pngjs';
import { log } from '../../src/base/arithmetic.js';
import { encodePng } from '../../src/formats/encode-png.js';
import { brief, roundTicks, scaleOf } from '../../src/lab/axis-scale.js';
import { colourAt, palettes } from '../../src/lab/colours.js';
import { contourOf } from '../../src/lab/contours.js';
import { rgbOf } from '../../src/lab/draw-images.js';
import { drawChart } from '../../src/lab/lab-page.js';
import { bars, heatmap, images, lines, points, table } from '../../src/lab/picture-data.js';
import { showExpected, showFigure } from '../../src/lab/show-figure.js';
import { thumbnailOf } from '../../src/lab/thumbnail.js';
import { LanewiseError } from '../../src/base/errors.js';

const size = { width: 344, height: 250, id: 'p' };
const axes = { x: { name: 'step' }, y: { name: 'loss' } };

/** `draw` is refused with these words. */
function refuses(draw: () => unknown, words: RegExp): void {
  assert.throws(
    draw,
    (error: Error) => error instanceof LanewiseError && words.test(error.message),
  );
}

test('a PNG that is written is read again with the same pixels', () => {
  for (const [channels, colourType] of [
    [1, 0],
    [3, 2],
    [4, 6],
  ] as const) {
    const pixels = Uint8Array.from({ length: 7 * 5 * channels }, (_, i) => (i * 37) % 256);
    if (channels === 4) for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
    const read = PNG.sync.read(Buffer.from(encodePng(pixels, 7, 5, channels)));
    assert.equal([read.width, read.height], [7, 5], `colour type ${colourType}`);
    for (let p = 0; p < 35; p++)
      for (let c = 0; c < 3; c++)
        assert.is(read.data[p * 4 + c], pixels[p * channels + (channels === 1 ? 0 : c)]);
  }
});

test('an axis of any numbers has an end, and some ticks', () => {
  const sets = [[1, 1e308, -1e308], [1e308], [-1e308], [5e-324], [5e-324, 1e308], [0, 5e-324]];
  for (const values of sets)
    for (const log of [false, true])
      for (const isTight of [false, true]) {
        const { low, high, ticks } = scaleOf(values, { log, isTight }, [0, 100], 5);
        assert.ok(high > low && Number.isFinite(high - low), `${values}: from ${low} to ${high}`);
        assert.ok(ticks.length > 0 && ticks.length < 30, `${values}: ${ticks.length} ticks`);
      }
  const span = { name: 'x', from: 0, to: 1 };
  const values = [1, NaN, Infinity, 2];
  const scale = { name: 'v', log: true };
  const map = heatmap({ title: 't', x: span, y: span, rows: 2, columns: 2, values, scale });
  assert.match(drawChart(map, size).html, /<svg/, '∞ has no colour');
  assert.equal([log(0), log(-1), log(Infinity), log(1)], [-Infinity, NaN, Infinity, 0]);
});

test('ticks are round and lie within the axis', () => {
  assert.equal(roundTicks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.equal(roundTicks(-3, 12, 4), [0, 5, 10]);
  const log = scaleOf([0.01, 50], { log: true, isTight: true }, [0, 100], 5);
  assert.equal(
    log.ticks.map(({ value }) => value),
    [0.01, 0.1, 1, 10],
  );
  assert.ok(Math.abs(log.at(0.01)) < 1e-9 && Math.abs(log.at(50) - 100) < 1e-9);
  assert.ok(Math.abs(log.at(Math.sqrt(0.5)) - 50) < 1e-6, 'the middle of a logarithmic axis');
  assert.ok(Number.isNaN(log.at(0)), '0 has no place on it');
  const alone = scaleOf([3], {}, [0, 10], 3);
  assert.ok(alone.at(3) > 0 && alone.at(3) < 10 && alone.ticks.length > 0);
  assert.ok(scaleOf([NaN], {}, [0, 10], 3).ticks.length > 0, 'an axis of nothing is still one');
  for (const [low, high] of [
    [0.8, 2.6],
    [5.5, 9],
    [1.21, 1.22],
    [3, 40],
    [1e-9, 2e-9],
  ] as const) {
    const { ticks, ...ends } = scaleOf([low, high], { log: true }, [0, 100], 4);
    assert.ok(ticks.length > 1, `from ${low} to ${high} one value would not say how far it is`);
    for (const { value } of ticks)
      assert.ok(value >= ends.low * 0.999 && value <= ends.high * 1.001, `${value}`);
  }
  const few = { isWhole: true, isTight: true };
  const sets: readonly (readonly [number[], object, number, number[]])[] = [
    [[1, 2, 3], few, 8, [1, 2, 3]],
    [[1, 2], few, 8, [1, 2]],
    [[4], few, 8, [3, 4, 5]],
    [[1, 40], { log: true, isTight: true }, 4.4, [1, 3, 10, 30]],
    [[8, 128], { log: true, isTight: true }, 4.4, [10, 20, 50, 100]],
    [[2.2, 7.5], { log: true, isTight: true }, 6, [3, 4, 5, 6, 7]],
  ];
  for (const [values, ends, count, ticks] of sets)
    assert.equal(
      scaleOf(values, ends, [0, 100], count).ticks.map(({ value }) => value),
      ticks,
      `from ${values}`,
    );
});

test('numbers are brief', () => {
  const texts = [0, 1500, 0.0123456, 1e-7, 123456789, -2.5, NaN, Infinity].map((v) => brief(v));
  assert.equal(texts, ['0', '1,500', '0.01235', '10⁻⁷', '1.23·10⁸', '−2.5', '–', '∞']);
  assert.is(showFigure(0.0212, 'percent'), '2.12 %');
  assert.is(showFigure(61706, 'count'), '61,706');
  assert.is(showFigure(-0.06, 'percent'), '−6.00 %', 'the minus of all other numbers');
  assert.is(showExpected({ name: 'a', value: 1, expected: [0.9, Infinity] }), 'at least 0.9');
  assert.is(showExpected({ name: 'a', value: 1, expected: [0.99999, 1.00001] }), '1');
});

test('a contour runs where the values are its level', () => {
  // x² + y² on a grid from −1 to 1: the line of 0.25 is a circle of radius ½.
  const n = 41;
  const at = (i: number): number => (2 * i) / (n - 1) - 1;
  const values = Float64Array.from(
    { length: n * n },
    (_, i) => at(i % n) ** 2 + at(Math.floor(i / n)) ** 2,
  );
  const pieces = contourOf(values, n, n, 0.25);
  assert.ok(pieces.length > 50);
  for (const [x0, y0, x1, y1] of pieces)
    for (const [x, y] of [
      [x0, y0],
      [x1, y1],
    ] as const)
      assert.ok(Math.abs(Math.hypot(at(x), at(y)) - 0.5) < 0.002, `${at(x)}, ${at(y)}`);
  const length = pieces.reduce(
    (sum, [x0, y0, x1, y1]) => sum + Math.hypot(at(x0) - at(x1), at(y0) - at(y1)),
    0,
  );
  assert.ok(Math.abs(length - Math.PI) < 0.02, `the circle's length is ${length}, not π`);
});

test('curves, bars and maps lie where their values say', () => {
  const y = { name: 'loss', min: 0, max: 10 };
  const chart = lines({
    title: 'a',
    x: { name: 'x' },
    y,
    series: [{ name: 'a', x: [0, 1, 2], y: [0, 5, 10] }],
  });
  const [, path] = /class="curve"\s+d="([^"]+)"/.exec(drawChart(chart, size).html)!;
  const places = [...path!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map(([, a, b]) => [+a!, +b!]);
  assert.is(places.length, 3);
  assert.ok(Math.abs(places[1]![0]! - (places[0]![0]! + places[2]![0]!) / 2) < 0.11, 'x is even');
  assert.ok(Math.abs(places[1]![1]! - (places[0]![1]! + places[2]![1]!) / 2) < 0.11, 'y is even');
  assert.ok(places[0]![1]! > places[2]![1]!, 'more is higher');
  const broken = lines({
    ...axes,
    title: 'a',
    series: [{ name: 'a', x: [0, 1, 2, 3], y: [1, 2, NaN, 3] }],
  });
  assert.match(drawChart(broken, size).html, /class="curve"\s+d="M[^M]*M[^ML]*"/, 'a gap is left');

  const two = bars({ title: 'a', y, groups: ['a', 'b'], series: [{ name: 'a', values: [2, 8] }] });
  const heights = [...drawChart(two, size).html.matchAll(/height="([\d.]+)"\s+style="fill/g)];
  assert.ok(Math.abs(+heights[1]![1]! / +heights[0]![1]! - 4) < 0.05, 'four times as high');

  const map = heatmap({
    title: 'a',
    x: { name: 'x', from: 0, to: 1 },
    y: { name: 'y', from: 0, to: 1 },
    rows: 2,
    columns: 2,
    values: [0, 1, 2, 3],
    scale: { name: 'value' },
  });
  const [, data] = /href="data:image\/png;base64,([^"]+)"/.exec(drawChart(map, size).html)!;
  const { data: pixels } = PNG.sync.read(Buffer.from(data!, 'base64'));
  const colour = (place: number): number[] => [...pixels.subarray(place * 4, place * 4 + 3)];
  // The first row is at y.from, which is the bottom.
  assert.equal(colour(2), [...colourAt(palettes.heat, 0)]);
  assert.equal(colour(1), [...colourAt(palettes.heat, 1)]);
});

test('a broken curve lies on a whole one, and the dots of its ends on the frame are whole', () => {
  const [x, y] = [
    [0, 1],
    [0, 1],
  ];
  const dashed = { name: 'b', x, y, dashed: true };
  const { html } = drawChart(
    lines({ ...axes, title: 'a', series: [dashed, { name: 'a', x, y }] }),
    size,
  );
  const tones = [...html.matchAll(/class="curve"[^>]*--tone-(\d)\)(;stroke-dasharray)?/g)];
  assert.equal(
    tones.map(([, tone, broken]) => [tone, broken !== undefined]),
    [
      ['1', false],
      ['0', true],
    ],
  );
  const [, left] = /<rect\s+x="([\d.]+)"/.exec(html)!;
  const [, first] = /class="dots" d="M([\d.]+) /.exec(html)!;
  assert.ok(Number(first) - Number(left) >= 5.5 / 2, 'a dot is 5.5 pixels wide');
});

test('images have the colours of their values', () => {
  const grey = rgbOf({ pixels: Uint8Array.of(0, 128, 255, 7), shape: [1, 2, 2] });
  assert.equal([...grey], [0, 0, 0, 128, 128, 128, 255, 255, 255, 7, 7, 7]);
  const rgb = rgbOf({ pixels: Float32Array.of(0, 1, 0.5), shape: [3, 1, 1], range: [0, 1] });
  assert.equal([...rgb], [0, 255, 128]);
  const both = rgbOf({ pixels: Float32Array.of(-1, 0, 2), shape: [1, 1, 3], colours: 'diverging' });
  assert.equal([...both.subarray(3, 6)], [245, 245, 245], '0 is in the middle');
});

test('names are text, wherever they stand', () => {
  const evil = '<script>alert(1)</script>"\'';
  const title = evil;
  const drawn = [
    lines({
      title,
      x: { name: evil },
      y: { name: evil },
      series: [{ name: evil, x: [1], y: [1] }],
    }),
    points({
      title,
      x: { name: evil },
      y: { name: evil },
      series: [{ name: evil, x: [1], y: [1] }],
    }),
    bars({ title, y: { name: evil }, groups: [evil], series: [{ name: evil, values: [1] }] }),
  ].map((picture) => drawChart(picture, size).html);
  for (const html of drawn) assert.not.match(html, /<script|[^=\s]"'/);
});

test('the first picture becomes a file', () => {
  const words = table({ title: 'a', columns: ['a'], rows: [['b']] });
  const image = images({ title: 'a', items: [{ pixels: Uint8Array.of(9), shape: [1, 1, 1] }] });
  const png = thumbnailOf([words, image])!;
  assert.is(png.end, 'png');
  assert.equal([...PNG.sync.read(Buffer.from(png.bytes)).data.subarray(0, 4)], [9, 9, 9, 255]);
  const boxes = [{ x0: 2, y0: 2, x1: 6, y1: 6 }];
  const framed = thumbnailOf([
    images({ title: 'a', items: [{ pixels: new Uint8Array(64), shape: [1, 8, 8], boxes }] }),
  ])!;
  const { data, width } = PNG.sync.read(Buffer.from(framed.bytes));
  const at = (x: number, y: number): number[] =>
    Array.from(data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3));
  const zoom = width / 8;
  assert.equal(at(2 * zoom, 4 * zoom), [255, 176, 0], 'a box has its frame');
  assert.equal(at(4 * zoom, 4 * zoom), [0, 0, 0], 'and nothing inside');
  const chart = points({ ...axes, title: 'a', series: [{ name: 'a', x: [1], y: [1] }] });
  const svg = thumbnailOf([chart])!;
  const text = new TextDecoder().decode(svg.bytes);
  assert.match(text, /^<svg width="320" height="230"[^>]*xmlns=/);
  assert.match(text, /prefers-color-scheme: dark/);
  assert.is(thumbnailOf([words]), undefined);
});

test('pictures refuse what cannot be drawn, by name', () => {
  const series = [{ name: 'a', x: [1, 2], y: [1] }];
  refuses(() => lines({ ...axes, title: 'a', series }), /series 'a' has 2 values of x and 1 of y/);
  refuses(
    () => images({ title: 'a', items: [{ pixels: new Uint8Array(4), shape: [2, 1, 2] }] }),
    /item 0 has 2 channels, expected 1 \(grey\) or 3/,
  );
  refuses(
    () => table({ title: 'a', columns: ['a', 'b'], rows: [[1]] }),
    /row 0 has 1 cells, expected 2: a, b/,
  );
  const span = { name: 'x', from: 0, to: 1 };
  const map = { title: 't', x: span, y: span, rows: 1, columns: 1, values: [1] };
  refuses(
    () => heatmap({ ...map, scale: { name: 's' }, contours: 1e9 }),
    /contours is 1000000000, expected a whole number from 1 to 100/,
  );
  const drawn = [{ name: 'a', x: [1, 2], y: [1, 2] }];
  const along = (more: object) => () =>
    lines({ ...axes, x: { name: 'step', ...more }, title: 'a', series: drawn });
  refuses(along({ min: 2, max: 1 }), /x\.max is 1, expected a number above min, which is 2/);
  refuses(along({ min: 1, max: 1 }), /x\.max is 1, expected a number above min/);
  refuses(along({ log: true, min: 0 }), /x\.min is 0, expected a number above 0/);
  refuses(along({ log: true, max: -1 }), /x\.max is -1, expected a number above 0/);
});

test.run();
