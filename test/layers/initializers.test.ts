/** Initialisers: the distributions that the papers give, orthogonality, and values that depend on nothing else. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { LanewiseError } from '../../src/base/errors.js';
import {
  conv2d,
  flatten,
  initializers,
  linear,
  rebuild,
  sequential,
  type Initializer,
  type Model,
} from '../../src/layers/index.js';
import { createSession } from '../../src/crew/session.js';

/** The initial values of a model's parameters. */
async function initialWeights(model: Model, seed = 1): Promise<Map<string, Float32Array>> {
  const [c, h, w] = Object.values(model.architecture.inputs)[0]!.shape as [number, number, number];
  const dataset = {
    name: 'nothing',
    shape: [c, h, w] as const,
    classes: ['a'],
    samples: new Uint8Array(c * h * w),
    labels: new Uint8Array(1),
  };
  const session = await createSession({
    model,
    terms: [],
    numerics: 'strict',
    workers: 0,
    datasets: [samplesOf(dataset)],
  });
  session.initialize(seed);
  const weights = session.readWeights();
  await session.close();
  return weights;
}

/** A convolution of fan-in 20·9 = 180 and fan-out 60·9 = 540, of 10,800 weights. */
const convolution = (weightInit: Initializer, biasInit?: Initializer) =>
  sequential(
    {
      conv: conv2d(20, 60, 3, { weightInit, ...(biasInit ? { biasInit } : {}) }),
      flat: flatten(),
    },
    { input: [20, 3, 3] },
  );

const weightsOf = async (weightInit: Initializer, seed = 1) =>
  (await initialWeights(convolution(weightInit), seed)).get('conv.weight')!;

function moments(values: Float32Array) {
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  const power = (n: number) => values.reduce((s, v) => s + (v - mean) ** n, 0) / values.length;
  return { mean, std: Math.sqrt(power(2)), kurtosis: power(4) / power(2) ** 2 };
}

test('every distribution has its paper’s spread and shape', async () => {
  const normal = 3;
  const uniform = 1.8;
  const expected: [string, Initializer, std: number, kurtosis: number, mean?: number][] = [
    ['uniform', initializers.uniform(-1, 3), 4 / Math.sqrt(12), uniform, 1],
    ['normal', initializers.normal(0.5, 2), 2, normal, 0.5],
    // A normal cut at ±2 has variance 0.774 and kurtosis 2.37.
    ['truncatedNormal', initializers.truncatedNormal(1, 0.5), 0.5 * Math.sqrt(0.7737), 2.3653, 1],
    ['xavierUniform', initializers.xavierUniform(), Math.sqrt(2 / 720), uniform],
    ['xavierNormal', initializers.xavierNormal({ gain: 2 }), 2 * Math.sqrt(2 / 720), normal],
    ['heUniform', initializers.heUniform(), Math.sqrt(2 / 180), uniform],
    ['heNormal', initializers.heNormal({ mode: 'fanOut' }), Math.sqrt(2 / 540), normal],
    [
      'kaimingNormal',
      initializers.kaimingNormal({ nonlinearity: 'leakyRelu', slope: 1 }),
      Math.sqrt(1 / 180),
      normal,
    ],
    [
      'he for tanh',
      initializers.heNormal({ nonlinearity: 'tanh' }),
      5 / 3 / Math.sqrt(180),
      normal,
    ],
    ['lecunUniform', initializers.lecunUniform(), Math.sqrt(1 / 180), uniform],
    ['lecunNormal', initializers.lecunNormal(), Math.sqrt(1 / 180), normal],
    [
      'randomWalk',
      initializers.randomWalk(),
      (Math.SQRT2 * Math.exp(1.2 / (180 - 2.4))) / Math.sqrt(180),
      normal,
    ],
    [
      'randomWalk for linear layers',
      initializers.randomWalk({ nonlinearity: 'linear' }),
      Math.exp(1 / 360) / Math.sqrt(180),
      normal,
    ],
    [
      'randomWalk with a gain',
      initializers.randomWalk({ gain: 1.1 }),
      1.1 / Math.sqrt(180),
      normal,
    ],
  ];
  for (const [name, initializer, std, kurtosis, mean = 0] of expected) {
    const found = moments(await weightsOf(initializer));
    const text = `${name}: ${JSON.stringify(found)}, expected ${std}`;
    assert.ok(Math.abs(found.std / std - 1) < 0.02, text);
    assert.ok(Math.abs(found.mean - mean) < 0.03 * std, text);
    assert.ok(Math.abs(found.kurtosis - kurtosis) < 0.12, text);
  }
});

test('truncated normals stay within their bound', async () => {
  for (const bound of [2, 0.5]) {
    const values = await weightsOf(initializers.truncatedNormal(0, 3, bound));
    assert.ok(values.every((value) => Math.abs(value) <= 3 * bound));
    assert.ok(Math.max(...values) > 2.9 * bound);
  }
});

test('orthogonal weights: rows or columns, whichever are fewer, times the gain', async () => {
  for (const [rows, columns] of [
    [5, 5],
    [3, 8],
    [8, 3],
    [1, 4],
    [4, 1],
    [1, 1],
    [40, 31],
  ] as const) {
    for (const [weightInit, gain] of [
      [initializers.orthogonal({ gain: 2 }), 2],
      [initializers.randomWalk({ gain: 1.1, distribution: 'orthogonal' }), 1.1],
    ] as const) {
      const model = sequential([flatten(), linear(columns, rows, { weightInit })], {
        input: [1, 1, columns],
      });
      const w = (await initialWeights(model)).get('1.weight')!;
      const few = Math.min(rows, columns);
      const value = (line: number, i: number) =>
        rows <= columns ? w[line * columns + i]! : w[i * columns + line]!;
      for (let a = 0; a < few; a++) {
        for (let b = 0; b < few; b++) {
          let product = 0;
          for (let i = 0; i < Math.max(rows, columns); i++) product += value(a, i) * value(b, i);
          assert.ok(Math.abs(product - (a === b ? gain * gain : 0)) < 1e-5, `${rows}×${columns}`);
        }
      }
    }
  }
});

test('the signs of an orthogonal matrix are even', async () => {
  let positive = 0;
  for (let seed = 0; seed < 200; seed++) {
    const model = sequential([flatten(), linear(3, 3, { weightInit: initializers.orthogonal() })], {
      input: [1, 1, 3],
    });
    if ((await initialWeights(model, seed)).get('1.weight')![0]! > 0) positive++;
  }
  assert.ok(Math.abs(positive - 100) < 25, `${positive} of 200 are positive`);
});

test('given and constant values; a bias with its own', async () => {
  const weights = Float32Array.from({ length: 12 }, (_, i) => i / 4);
  const model = sequential(
    [
      flatten(),
      linear(4, 3, {
        weightInit: initializers.values(weights),
        biasInit: initializers.constant(-2),
      }),
      linear(3, 2, { biasInit: initializers.values([1, 2]) }),
    ],
    { input: [1, 2, 2] },
  );
  const found = await initialWeights(model);
  assert.equal(found.get('1.weight'), weights);
  assert.equal([...found.get('1.bias')!], [-2, -2, -2]);
  assert.equal([...found.get('2.bias')!], [1, 2]);
});

test('values follow from seed and parameter, and the defaults are what they were', async () => {
  for (const make of [
    initializers.truncatedNormal,
    initializers.orthogonal,
    initializers.heNormal,
  ]) {
    assert.equal(await weightsOf(make()), await weightsOf(make()));
    assert.not.equal(await weightsOf(make()), await weightsOf(make(), 2));
  }
  const two = await initialWeights(
    sequential(
      [
        flatten(),
        linear(9, 9, { weightInit: initializers.truncatedNormal() }),
        linear(9, 9, { weightInit: initializers.truncatedNormal() }),
      ],
      { input: [1, 3, 3] },
    ),
  );
  assert.not.equal(two.get('1.weight'), two.get('2.weight'));
  const usual = await initialWeights(sequential([flatten(), linear(9, 2)], { input: [1, 3, 3] }));
  const spelled = initializers.uniform(-1 / 3, 1 / 3);
  const options = { weightInit: spelled, biasInit: spelled };
  const same = await initialWeights(
    sequential([flatten(), linear(9, 2, options)], { input: [1, 3, 3] }),
  );
  assert.equal(usual, same);
});

test('a model file keeps the rules, but not given values', () => {
  const model = sequential(
    {
      flat: flatten(),
      a: linear(4, 3, { weightInit: initializers.heNormal(), biasInit: initializers.constant(1) }),
      b: linear(3, 2, { weightInit: initializers.values([1, 2, 3, 4, 5, 6]) }),
    },
    { input: [1, 2, 2] },
  );
  const again = rebuild(JSON.parse(JSON.stringify(model.architecture)));
  assert.equal(again.architecture, model.architecture);
  assert.equal(again.parameters[0]!.initializer, model.parameters[0]!.initializer);
  assert.is(again.parameters[2]!.initializer.kind, 'uniform');
});

test('what cannot be is refused by name', async () => {
  const refuse = async (make: () => unknown, message: RegExp) => {
    let found: unknown;
    try {
      await make();
    } catch (error) {
      found = error;
    }
    assert.instance(found, LanewiseError);
    assert.match((found as LanewiseError).message, message);
  };
  await refuse(
    () => initializers.normal(NaN),
    /^initializers: normal.mean is NaN, expected a finite number/,
  );
  await refuse(
    () => initializers.truncatedNormal(0, 1, 0),
    /truncatedNormal: bound is 0, expected a number of at least 0.1/,
  );
  await refuse(
    () => initializers.heNormal({ nonlinearity: 'rellu' as 'relu' }),
    /nonlinearity is 'rellu', expected one of linear, sigmoid/,
  );
  await refuse(() => initializers.heNormal({ mode: 'fan' as 'fanIn' }), /mode is 'fan'/);
  await refuse(
    () => initializers.randomWalk({ nonlinearity: 'tanh' as 'relu' }),
    /randomWalk: nonlinearity is 'tanh', expected one of linear, relu/,
  );
  await refuse(
    () => linear(2, 2, { weightInit: { kind: 'nrmal' } as never }),
    /^linear: weightInit.kind is 'nrmal', expected one of constant/,
  );
  await refuse(() => conv2d(2, 2, 1, { biasInit: 3 as never }), /^conv2d: biasInit is 3, expected/);
  await refuse(
    () => initialWeights(convolution(initializers.heNormal(), initializers.heNormal())),
    /'conv.bias' has shape 60: scaled initial values need fan-in and fan-out/,
  );
  await refuse(
    () => initialWeights(convolution(initializers.values([1]))),
    /initial values of 'conv.weight': 1, expected 10800 \(60×20×3×3\)/,
  );
});

test.run();
