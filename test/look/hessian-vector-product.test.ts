// slow: compares all layers and losses with differences of gradients
/**
 * Products with the Hessian, against a net in double precision, PyTorch's values, and for every kind of layer and loss
 * the differences of its own gradients along the vector.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { pickNumerics } from '../../src/engine/numerics.js';
import { sizeOf } from '../../src/graph/tensor.js';
import * as L from '../../src/layers/index.js';
import type { Model } from '../../src/layers/index.js';
import * as losses from '../../src/losses/index.js';
import { gradientsOf, type GradientOptions } from '../../src/look/gradients-of.js';
import { hessianOf, hessianVectorProduct } from '../../src/look/hessian-vector-product.js';
import { loadGolden, unpack } from '../support/golden.js';
import { examples, modelOf, samplesOf, withNumbers } from '../support/layer-examples.js';
import { numbers } from '../support/numbers.js';

type Arrays = ReadonlyMap<string, Float32Array>;

const drawn = (model: Model, seed: number, scale = 1): Map<string, Float32Array> =>
  new Map(
    model.parameters.map(({ name, shape }, i) => [
      name,
      numbers(sizeOf(shape), seed + i).map((v) => Math.fround(v * scale)),
    ]),
  );

const trainedOf = (model: Model): string[] =>
  model.parameters.flatMap(({ name, role }) => (role === 'trained' ? [name] : []));

/** Differences of fourth order of the gradients along the vector. */
async function differences(
  model: Model,
  weights: Arrays,
  data: Parameters<typeof gradientsOf>[2],
  vector: Arrays,
  options: GradientOptions,
  h: number,
): Promise<Map<string, Float64Array>> {
  const names = [...vector.keys()];
  const found = new Map(names.map((name) => [name, new Float64Array(vector.get(name)!.length)]));
  for (const [steps, share] of [
    [1, 8],
    [-1, -8],
    [2, -1],
    [-2, 1],
  ] as const) {
    const moved = new Map(
      [...weights].map(([name, values]) => [
        name,
        values.map((v, i) => v + steps * h * (vector.get(name)?.[i] ?? 0)),
      ]),
    );
    const { gradients } = await gradientsOf(model, moved, data, options);
    for (const [name, sums] of found)
      gradients.get(name)!.forEach((g, i) => (sums[i]! += (share * g) / (12 * h)));
  }
  return found;
}

/** The largest difference over the largest value. */
function errorOf(found: Arrays, expected: ReadonlyMap<string, ArrayLike<number>>): number {
  let [most, error] = [1e-3, 0];
  for (const [name, values] of expected) {
    for (let i = 0; i < values.length; i++) {
      most = Math.max(most, Math.abs(values[i]!));
      error = Math.max(error, Math.abs(found.get(name)![i]! - values[i]!));
    }
  }
  return error / most;
}

/** The layer between two dense ones, whose weights are differentiated too, so that its input's second derivatives count. */
async function layerError(example: (typeof examples)[number]): Promise<number> {
  const [layer, shape] = example;
  const inner = modelOf(example);
  const x = samplesOf(inner, 3);
  const count = sizeOf(shape);
  const isTable = layer.kind === 'embedding';
  const input = L.input(shape, isTable ? { vocabulary: 5 } : {});
  const before = isTable
    ? input
    : L.chain([L.flatten(), L.linear(count, count, { bias: false }), L.reshape([...shape])])(input);
  const parts = Array.from({ length: layer.inputs[0] }, (_, i) => (i ? L.tanh(before) : before));
  const y = layer(...parts);
  const model = L.functional({ inputs: input, outputs: L.flatten()(L.tanh(L.scale(0.25)(y))) });
  const outputs = sizeOf([...model.outputs.values()][0]!);
  const weights = new Map(
    withNumbers(model).model.parameters.map(({ name, shape, role }, i) => [
      name,
      numbers(sizeOf(shape), i + 1).map((v) =>
        role === 'statistic' ? Math.abs(v) + 0.5 : v * 0.3,
      ),
    ]),
  );
  for (const [name, values] of weights) {
    const spec = model.parameters.find((one) => one.name === name)!;
    // Around one, so that values stay apart.
    if (spec.shape.length === 2 && spec.shape[0] === count)
      values.forEach((_, i) => (values[i]! += i % (count + 1) === 0 ? 1 : 0));
  }
  const by = trainedOf(model);
  // Small steps of what comes before, so that they cross no kink.
  const vector = new Map(
    [...drawn(model, 50)].flatMap(([name, values]) =>
      by.includes(name)
        ? [[name, values.length === count * count ? values.map((v) => v / 16) : values]]
        : [],
    ),
  );
  const data = {
    name: 'drawn',
    inputs: { input: { shape, values: x } },
    targets: { output: { shape: [outputs], values: numbers(3 * outputs, 91) } },
  };
  const options = { loss: 'meanSquaredError', numerics: 'strict' } as const;
  const { products } = await hessianVectorProduct(model, weights, data, vector, options);
  const expected = await differences(
    model,
    weights,
    data,
    vector,
    options,
    KINKED.has(layer.kind) ? 2 ** -12 : 2 ** -8,
  );
  return errorOf(products, expected);
}

/** Kinds whose functions have kinks, which longer steps would cross. */
const KINKED = new Set(
  (
    'elu hardSigmoid hardSwish hardTanh leakyRelu prelu selu maximum relu globalMaxPool2d globalMaxPool1d ' +
    'maxPool1d maxPool2d max chain residual block piecewiseLinear squeezeExcitation'
  ).split(' '),
);

for (const [i, example] of examples.entries()) {
  const { kind } = example[0];
  test(`layer ${i}, ${kind}`, async () => {
    if (kind === 'stopGradient') {
      // No weight before it has a gradient, nor has the loss one by them.
      const error = await layerError(example).catch((thrown: unknown) => thrown);
      assert.ok(error instanceof LanewiseError && error.kind === 'argument', String(error));
      return;
    }
    const error = await layerError(example);
    assert.ok(error < (KINKED.has(kind) ? 3e-2 : 2e-3), `off by ${error}`);
  });
}

const labels = Uint8Array.of(0, 2, 1, 3);
const reals = numbers(16, 5);
const shares = reals.map((_, i) => [0.125, 0.5, 0.25, 0.125][(i + (i >> 2)) % 4]!);
const signs = reals.map((v) => (v > 0 ? 1 : 0));
for (const [name, loss, values] of [
  ['crossEntropy', losses.crossEntropy(), labels],
  ['smoothed', losses.crossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2, 0.5, 3] }), labels],
  ['distributions', losses.crossEntropy(), shares],
  ['squaredError', losses.squaredError(), reals],
  ['meanSquaredError', losses.meanSquaredError(), reals],
  ['l1', losses.l1(), reals],
  ['huber', losses.huber({ delta: 0.5 }), reals],
  ['smoothL1', losses.smoothL1(), reals],
  ['binaryCrossEntropy', losses.binaryCrossEntropy(), signs],
  ['with logits', losses.binaryCrossEntropyWithLogits({ posWeight: 3 }), signs],
  ['klDivergence', losses.klDivergence(), shares],
  ['hinge', losses.hinge(), labels],
  ['squared hinge', losses.hinge({ p: 2 }), labels],
  ['binaryHinge', losses.binaryHinge(), signs],
  ['mapCriterion', losses.mapCriterion(), labels],
  ['cosine', losses.cosine(), reals],
  ['quantile', losses.quantile({ quantiles: [0.1, 0.9] }), reals.subarray(0, 8)],
  ['gaussian', losses.gaussian(), reals.subarray(0, 8)],
] as const) {
  test(`loss ${name}`, async () => {
    const last = name === 'binaryCrossEntropy' ? [L.sigmoid()] : [];
    const model = L.sequential([L.linear(3, 5), L.tanh(), L.linear(5, 4), ...last], { input: [3] });
    const [weights, vector] = [drawn(model, 11), drawn(model, 31)];
    const shape = values.length > 4 ? [values.length / 4] : [];
    const data = {
      name: 'drawn',
      inputs: { input: { shape: [3], values: numbers(12, 41) } },
      targets: { output: { shape, values } },
    };
    // Longer steps would cross the ends of its parabola.
    const isKinked = name === 'huber' || name === 'smoothL1';
    const options = { loss, numerics: 'strict' } as const;
    const { products, gradients } = await hessianVectorProduct(
      model,
      weights,
      data,
      vector,
      options,
    );
    const plain = await gradientsOf(model, weights, data, options);
    assert.equal(gradients, plain.gradients);
    const expected = await differences(
      model,
      weights,
      data,
      vector,
      options,
      isKinked ? 2 ** -12 : 2 ** -8,
    );
    const error = errorOf(products, expected);
    assert.ok(error < (isKinked ? 1e-2 : 1e-3), `off by ${error}`);
  });
}

interface Stored {
  readonly net:
    'dense' | 'gelu' | 'convolutions' | 'attention' | 'rnn' | 'lstm' | 'gru' | 'adaptive';
  readonly loss: 'crossEntropy' | 'meanSquaredError';
  readonly mode: 'training' | 'evaluation';
  readonly seed: number;
  readonly shape: readonly number[];
  readonly value: number;
  readonly parameters: readonly { name: string; shape: number[]; product: string }[];
}

function netOf({ net, shape }: Stored): Model {
  const input = L.input(shape.slice(1));
  const of = (layers: L.Layer[]) => L.sequential(layers, { input: shape.slice(1) });
  if (net === 'dense') return of([L.linear(4, 5), L.tanh(), L.linear(5, 3)]);
  if (net === 'gelu') return of([L.linear(4, 6), L.layerNorm(6), L.gelu(), L.linear(6, 3)]);
  if (net === 'convolutions')
    return of([
      L.conv2d(1, 3, 3, { padding: 1 }),
      L.batchNorm2d(3),
      L.relu(),
      L.maxPool2d(2),
      L.conv2d(3, 4, 3),
      L.relu(),
      L.maxPool2d(2, { stride: 1 }),
      L.flatten(),
      L.linear(16, 3),
    ]);
  if (net === 'rnn') return of([L.rnn(2, 4, { returns: 'last' }), L.linear(4, 3)]);
  if (net === 'lstm')
    return of([L.lstm(2, 3, { numLayers: 2, bidirectional: true }), L.flatten(), L.linear(30, 3)]);
  if (net === 'gru')
    return of([L.gru(2, 3, { bidirectional: true }), L.flatten(), L.linear(24, 3)]);
  if (net === 'adaptive')
    return of([
      L.conv2d(1, 2, 3),
      L.tanh(),
      L.adaptiveMaxPool2d([2, 3]),
      L.flatten(),
      L.linear(12, 3),
    ]);
  const layers = {
    attention: L.multiheadAttention(4, 2),
    norm: L.layerNorm(4),
    head: L.linear(16, 3),
  };
  const { attention, norm, head } = layers;
  const y = L.add(input, attention(input));
  return L.functional({ inputs: input, outputs: head(L.flatten()(norm(y))), layers });
}

for (const stored of loadGolden<Stored>('hessian')) {
  const { net, loss, mode, seed, shape, parameters } = stored;
  for (const numerics of new Set(['strict', pickNumerics()] as const)) {
    test(`PyTorch: ${net}, ${loss}, ${mode}, ${numerics}`, async () => {
      const model = netOf(stored);
      const weights = new Map<string, Float32Array>();
      const vector = new Map<string, Float32Array>();
      const names = trainedOf(model);
      assert.is(names.length, parameters.length);
      parameters.forEach((stored, i) => {
        const name = names[i]!;
        assert.equal(model.parameters.find((one) => one.name === name)!.shape, stored.shape);
        weights.set(
          name,
          numbers(sizeOf(stored.shape), seed + i).map((v) => v * Math.fround(0.7)),
        );
        vector.set(name, numbers(sizeOf(stored.shape), seed + 50 + i));
      });
      for (const { name, shape, role } of model.parameters)
        if (role === 'statistic')
          weights.set(name, new Float32Array(sizeOf(shape)).fill(name.endsWith('var') ? 1 : 0));
      const n = shape[0]!;
      const data = {
        name: 'drawn',
        inputs: { input: { shape: shape.slice(1), values: numbers(sizeOf(shape), seed + 99) } },
        targets: {
          output:
            loss === 'crossEntropy'
              ? { shape: [], values: Uint8Array.from({ length: n }, (_, i) => i % 3) }
              : { shape: [3], values: numbers(3 * n, 77) },
        },
      };
      const found = await hessianVectorProduct(model, weights, data, vector, {
        loss,
        mode,
        numerics,
      });
      assert.ok(Math.abs(found.loss - stored.value) < 1e-5 * stored.value);
      const largest = Math.max(
        ...parameters.flatMap(({ product }) => [...unpack(product)].map(Math.abs)),
      );
      parameters.forEach(({ product, name }, i) => {
        unpack(product).forEach((value, at) => {
          const error = Math.abs(found.products.get(names[i]!)![at]! - value) / largest;
          assert.ok(error < 1e-5, `${name}[${at}] is off by ${error}`);
        });
      });
    });
  }
}

/** tanh net of 2, 3 and 2 units with cross-entropy, the mean over samples, in double precision. */
function doubleLoss(
  w: readonly number[],
  xs: readonly (readonly number[])[],
  labels: readonly number[],
) {
  const total = xs.map(([a, b], n) => {
    const h = [0, 1, 2].map((i) => Math.tanh(w[2 * i]! * a! + w[2 * i + 1]! * b! + w[6 + i]!));
    const y = [0, 1].map((o) => h.reduce((sum, v, i) => sum + w[9 + 3 * o + i]! * v, w[15 + o]!));
    return Math.log(Math.exp(y[0]!) + Math.exp(y[1]!)) - y[labels[n]!]!;
  });
  return total.reduce((a, b) => a + b) / xs.length;
}

test('central differences of a net in double precision', async () => {
  const model = L.sequential([L.linear(2, 3), L.tanh(), L.linear(3, 2)], { input: [2] });
  const [weights, vector] = [drawn(model, 3), drawn(model, 13)];
  const values = numbers(8, 23);
  const data = {
    name: 'drawn',
    inputs: { input: { shape: [2], values } },
    targets: { output: { shape: [], values: Uint8Array.of(0, 1, 1, 0) } },
  };
  const { products } = await hessianVectorProduct(model, weights, data, vector);
  const flat = (arrays: Arrays) => trainedOf(model).flatMap((name) => [...arrays.get(name)!]);
  const [w, v] = [flat(weights), flat(vector)];
  const xs = [0, 2, 4, 6].map((i) => [values[i]!, values[i + 1]!]);
  const h = 2 ** -13;
  const at = (along: number, i: number, by: number) =>
    doubleLoss(
      w.map((value, j) => value + along * v[j]! + (i === j ? by : 0)),
      xs,
      [0, 1, 1, 0],
    );
  flat(products).forEach((value, i) => {
    const expected = (at(h, i, h) - at(h, i, -h) - at(-h, i, h) + at(-h, i, -h)) / (4 * h * h);
    assert.ok(Math.abs(value - expected) < 1e-6, `${i}: ${value}, expected ${expected}`);
  });
});

const small = L.sequential([L.linear(2, 3), L.relu(), L.linear(3, 2)], { input: [2] });
const table = {
  name: 'table',
  inputs: { input: { shape: [2], values: numbers(8, 1) } },
  targets: { output: { shape: [], values: Uint8Array.of(0, 1, 0, 1) } },
};

test('parts of the Hessian, by parameters and inputs', async () => {
  const weights = drawn(small, 1);
  const by = ['2.bias', 'input'];
  const vector = new Map([
    ['2.bias', Float32Array.of(1, 0)],
    ['input', new Float32Array(8)],
  ]);
  const { products } = await hessianVectorProduct(small, weights, table, vector, { by });
  assert.equal([...products.keys()], by);
  // Softmax's Hessian: the mean of p₀·(1 − p₀), and its opposite.
  const [first, second] = products.get('2.bias')!;
  assert.ok(first! > 0 && Math.abs(first! + second!) < 1e-7);
  assert.is(products.get('input')!.length, 8);
  assert.equal(
    (await hessianVectorProduct(small, weights, table, new Map(), { by: [] })).products,
    new Map(),
  );
});

test('one Hessian for many vectors: the bits of single products, of the weights and data it was given', async () => {
  const weights = drawn(small, 1);
  const values = numbers(8, 1);
  const data = { ...table, inputs: { input: { shape: [2], values } } };
  for (const options of [{}, { mode: 'evaluation', by: ['2.bias', 'input'] }] as const) {
    const by = ('by' in options && options.by) || trainedOf(small);
    const vectors = [21, 22, 21].map(
      (seed) =>
        new Map(
          by.map((name) => [name, numbers(name === 'input' ? 8 : weights.get(name)!.length, seed)]),
        ),
    );
    const expected = [];
    for (const vector of vectors)
      expected.push(await hessianVectorProduct(small, weights, table, vector, options));
    const given = new Map([...weights].map(([name, array]) => [name, array.slice()]));
    const times = await hessianOf(small, given, data, options);
    const found = vectors.map((vector) => {
      // What is changed afterwards is not seen.
      given.forEach((array) => array.fill(7));
      values.fill(7);
      return times(vector);
    });
    values.set(numbers(8, 1));
    assert.equal(found, expected);
    assert.not.equal(found[0]!.products, found[1]!.products);
  }
});

test('a loss that is linear in what it is differentiated by has zeros', async () => {
  const model = L.sequential([L.linear(2, 1)], { input: [2] });
  const data = {
    ...table,
    targets: { output: { shape: [1], values: new Float32Array(4).fill(9) } },
  };
  const { products } = await hessianVectorProduct(model, drawn(model, 1), data, drawn(model, 2), {
    loss: 'l1',
  });
  for (const values of products.values()) assert.ok(values.every((v) => v === 0));
});

test('vectors that do not fit are refused', async () => {
  const weights = drawn(small, 1);
  for (const [vector, message] of [
    [{}, /vector is .*expected a Map/],
    [new Map([...weights, ['2.wait', new Float32Array(1)]]), /'2\.wait', by which nothing/],
    [new Map([...weights].slice(1)), /'0\.weight' is undefined, expected a Float32Array of 6/],
    [
      new Map([...weights, ['2.bias', new Float32Array(3)]]),
      /'2\.bias' is 3 values, expected .* 2/,
    ],
    [new Map([...weights, ['2.bias', Float32Array.of(0, NaN)]]), /'2\.bias'.*NaN/],
  ] as const) {
    const error = await hessianVectorProduct(small, weights, table, vector as Arrays).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof LanewiseError, String(error));
    assert.is(error.kind, 'argument');
    assert.match(error.message, message);
    const times = await hessianOf(small, weights, table);
    assert.throws(() => times(vector as Arrays), message);
  }
});

test('padding after a sequence’s own steps takes no part', async () => {
  for (const cell of ['rnn', 'lstm', 'gru'] as const) {
    const of = (steps: number, isCut: boolean) => {
      const x = L.input([steps, 2]);
      const own = isCut ? [L.input([], { lengths: steps })] : [];
      const layers = { cell: L[cell](2, 3, { bidirectional: true, returns: 'last' }) };
      const inputs = { x, ...(isCut && { own: own[0]! }) };
      return L.functional({ inputs, outputs: layers.cell(x, ...own), layers });
    };
    const weights = drawn(of(3, false), 1);
    const vector = drawn(of(3, false), 51);
    const values = numbers(10, 2);
    values.fill(99, 6);
    const targets = { output: { shape: [6], values: numbers(6, 3) } };
    const products = async (model: Model, inputs: Record<string, object>) => {
      const data = { name: 'drawn', inputs, targets } as Parameters<typeof gradientsOf>[2];
      const options = { loss: 'meanSquaredError', numerics: 'strict' } as const;
      return (await hessianVectorProduct(model, weights, data, vector, options)).products;
    };
    const short = await products(of(3, false), {
      x: { shape: [3, 2], values: values.slice(0, 6) },
    });
    const padded = await products(of(5, true), {
      x: { shape: [5, 2], values },
      own: { shape: [], values: Int32Array.of(3) },
    });
    assert.ok(errorOf(padded, short) < 1e-6, cell);
  }
});
test.run();
