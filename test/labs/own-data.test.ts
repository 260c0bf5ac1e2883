/** The lab of own points: how their text is read, what is held out, and what its hash depends on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabSettings } from '../../src/lab/lab.js';
import { figureOf, labsFolder, runSmall } from '../support/lab.js';

interface Points {
  readonly samples: readonly (readonly [number, number])[];
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}
interface OwnPoints {
  readPoints(text: string, name?: string): Points;
  writePoints(points: readonly { x: number; y: number; name: string }[]): string;
  holdOut(points: Points, held: number, random: unknown): [Points, Points];
}
interface Random {
  randomNumbers(seed: number): { next(): number };
}
const { readPoints, writePoints, holdOut } = (await import(
  join(labsFolder, 'points/own-points.mjs')
)) as OwnPoints;
const bundle = fileURLToPath(new URL('../../src/bundle/lab.js', import.meta.url));
const { randomNumbers } = (await import(bundle)) as Random;

/** The message of the bundle's own LanewiseError. */
async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.is((error as Error).name, 'LanewiseError');
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

const points: Points = {
  samples: [
    [1, -2.5],
    [0.25, 4],
  ],
  labels: [1, 0],
  classes: ['blue', 'red'],
};

test('commas, semicolons and tabs, with a header or without, give the same points', () => {
  const texts = [
    '1,-2.5,red\n0.25,4,blue\n',
    'x,y,class\n1,-2.5,red\n0.25,4,blue',
    '\uFEFFx;y;class\r\n1;-2,5;red\r\n\r\n0,25;4;blue\r\n',
    'Label\tx\ty\nred\t1\t-2.5\nblue\t.25\t4e0\n',
    '"length","width","form"\n 1 , -2.5 ,"red"\n0.25,4,blue\n',
    '"x","y","class"\n1,"-2,5","red"\n "0,25" ,"4",blue\n',
  ];
  for (const text of texts) assert.equal(readPoints(text), points, text);
});

test('what is written is read again', () => {
  const written = writePoints([
    { x: 1, y: -2.5, name: 'red' },
    { x: 0.25, y: 4, name: 'blue' },
  ]);
  assert.is(written, 'x,y,class\n1,-2.5,red\n0.25,4,blue\n');
  assert.equal(readPoints(written), points);
});

test('a line that is no point is refused by its number and value', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /^mine has no points, expected three: x, y and class on each line/],
    ['x,y,class\n', /^mine has no points/],
    ['1,2,a\n1,2\n', /^mine, line 2: '1,2' has 2 values, expected three: x, y and class/],
    ['1;2;a\nred\n', /^mine, line 2: 'red' has one value, expected three: x, y and class/],
    ['x,y,class\n\n1,2o,a\n', /^mine, line 3: y is '2o', expected a number$/],
    ['1,2,a\n1e12,2,b\n', /^mine, line 2: x is 1e12, expected at most 1000000000 in size/],
    ['1,,a\n1,2,b\n', /^mine, line 1: y is '', expected a number/],
    ['1,2,a\n3,4,\n', /^mine, line 2: the class is '', expected a name/],
    ['1,2,a\n3,4,a\n', /^mine has one class, 'a', expected from 2 to 8/],
    [Array.from({ length: 9 }, (_, i) => `${i},0,${i}`).join('\n'), /^mine has 9 classes/],
    ['0,0,a\n'.repeat(5001), /^mine has 5001 points, expected at most 5000/],
  ];
  for (const [text, words] of wrong)
    assert.match(await refusal(() => readPoints(text, 'mine')), words);
});

test('of each class the same share is held out, by the seed', () => {
  const samples = Array.from({ length: 30 }, (_, i) => [i, i] as const);
  const all = { samples, labels: samples.map((_, i) => (i < 20 ? 0 : 1)), classes: ['a', 'b'] };
  const [train, held] = holdOut(all, 0.3, randomNumbers(1));
  assert.equal([held.labels.filter((c) => c === 0).length, held.labels.length], [6, 9]);
  assert.equal(
    [...train.samples, ...held.samples].toSorted(([a], [b]) => a - b),
    samples,
    'each point is in one part',
  );
  assert.equal(holdOut(all, 0.3, randomNumbers(1))[1], held);
  assert.not.equal(holdOut(all, 0.3, randomNumbers(2))[1], held);
  const [few, same] = holdOut(points, 0.3, randomNumbers(1));
  assert.equal(few, same, 'a class of one point has none to spare');
});

test('the hash is of the points, not of their file’s path, and of settings that are set', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-points-'));
  // Three clouds, far from the origin and in other units.
  const random = randomNumbers(3);
  const clouds = Array.from({ length: 60 }, (_, i) => {
    const x = 1000 + 40 * (i % 3) + 10 * random.next();
    return `${x},${(i % 3 === 2 ? 0.5 : 0) + 0.1 * random.next()},${'abc'[i % 3]}`;
  });
  const [comma, semicolon] = [join(folder, 'mine.csv'), join(folder, 'other.csv')];
  try {
    await writeFile(comma, clouds.join('\n'));
    await writeFile(semicolon, `x;y;class\n${clouds.join('\n').replaceAll(',', ';')}\n`);
    const find = (settings: LabSettings) =>
      runSmall('boundary-from-points', { settings: { steps: 60, width: 8, ...settings } });
    const first = await find({ points: comma });
    assert.is(figureOf(first, 'accuracy on new points'), 1, 'the clouds lie apart');
    assert.is((await find({ points: semicolon })).sha256, first.sha256);
    const others = [
      await find({ points: comma, held: 0.5 }),
      await find({ points: comma, activation: 'tanh' }),
      await find({ points: comma, l1: 0.01 }),
      await find({ points: comma, l2: 0.01 }),
      await find({ points: comma, seed: 2 }),
    ];
    assert.is(new Set([first, ...others].map(({ sha256 }) => sha256)).size, 6);
    const [weak, strong] = [first, others[3]!].map((one) =>
      figureOf(one, 'loss on the points it learned from'),
    );
    assert.ok(weak! < strong!, 'a penalty is paid for by the loss');
    assert.match(
      await refusal(() => find({ points: 'spiral' })),
      /^points is 'spiral', which cannot be read \(ENOENT\), expected spirals, rings, xor, moons, or/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('patterns that no line divides are told apart, moons by a line as far as they do not meet', async () => {
  for (const pattern of ['rings', 'xor', 'moons']) {
    const { figures } = await runSmall('boundary-from-points', {
      settings: { points: pattern, steps: 300 },
    });
    for (const { name, value, expected } of figures)
      if (expected)
        assert.ok(
          value >= expected[0]! && value <= expected[1]!,
          `${pattern}: ${name} is ${value}, expected ${expected.join(' to ')}`,
        );
  }
});

test.run();
