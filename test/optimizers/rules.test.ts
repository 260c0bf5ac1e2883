/**
 * Update rules, penalties and clipping as a run plans them: ten steps with given gradients against PyTorch, and
 * against the papers for Lion and LARS. Then what groups and names mean.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { link, run } from '../../src/engine/link.js';
import { LanewiseError } from '../../src/base/errors.js';
import { chain, flatten, linear, sequential } from '../../src/layers/index.js';
import * as optimizers from '../../src/optimizers/index.js';
import * as rules from '../../src/optimizers/rules.js';
import { matches } from '../../src/optimizers/names.js';
import { ratesOfStep, type Optimizer } from '../../src/optimizers/index.js';
import { layoutParameters, trainedEntries } from '../../src/step/parameters.js';
import { rolesOf } from '../../src/step/roles.js';
import { planUpdate } from '../../src/step/update.js';
import { align } from '../../src/program/program.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Case {
  settings: {
    kind: keyof typeof rules;
    lr: number;
    clipValue?: number;
    clipNorm?: number;
  };
  count: number;
  seed: number;
  steps: number;
  after: string;
}

/** A model whose one parameter has `count` values. */
const modelOf = (count: number) =>
  sequential({ flat: flatten(), out: linear(count, 1, { bias: false }) }, { input: [1, 1, count] });

/** Parameters after each step, one after another, by workers that take their turns. */
async function train(
  optimizer: Optimizer,
  { count, seed, steps, settings: { clipValue, clipNorm } }: Case,
  numerics: 'strict' | 'fused',
  workers: number,
): Promise<number[]> {
  const parameters = layoutParameters(modelOf(count));
  const clipping = {
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  };
  const plan = planUpdate({ optimizer, ...clipping }, parameters, workers);
  const { kernels, put, read } = await createInstance(numerics, 1);
  const padded = (values: Float32Array) => {
    const all = new Float32Array(parameters.bytes / 4);
    all.set(values);
    return put(all);
  };
  const bases = { batch: 0, results: 0, activations: 0, workspace: 0 };
  const weights = padded(numbers(count, seed));
  const state = put(new Float32Array(plan.stateBytes / 4));
  const after: number[] = [];
  for (let step = 0; step < steps; step++) {
    const gradients = padded(numbers(count, seed + 1 + step));
    // A step's row, and a cache line for what clips.
    const rates = new Float32Array(align(plan.rateSlots * 4) / 4 + 16);
    rates.set(ratesOfStep(optimizer, step, 1));
    const linked = { ...bases, parameters: weights, gradients, state, rates: put(rates) };
    for (const calls of [...plan.sums, ...plan.updates]) run(link(calls, kernels, linked));
    after.push(...read(weights, count));
    const rest = read(weights + count * 4, parameters.bytes / 4 - count);
    assert.ok(
      rest.every((value) => value === 0),
      'padding is no longer 0',
    );
  }
  return after;
}

for (const numerics of availableNumerics) {
  test(`every rule (${numerics}) follows PyTorch or its paper over ten steps`, async () => {
    const cases = loadGolden<Case>('optimizer-rules');
    for (const golden of cases) {
      const { kind, clipValue: _value, clipNorm: _norm, ...settings } = golden.settings;
      const optimizer = rules[kind](settings);
      assert.is(optimizer.kind, kind);
      const found = await train(optimizer, golden, numerics, 1);
      assertClose(found, unpack(golden.after), 1e-5, JSON.stringify(golden.settings));
      assert.equal(await train(optimizer, golden, numerics, 2), found);
    }
  });
}

test('every rule has reference values', () => {
  const cases = [...loadGolden<Case>('optimizer-rules'), ...loadGolden<Case>('optimizers')];
  const kinds = new Set(cases.map(({ settings: { kind } }) => kind));
  assert.equal([...kinds].toSorted(), Object.keys(rules).toSorted());
});

test('sums of squares are those of each block, for any slices', async () => {
  const { kernels, put, reserve, read } = await createInstance('strict', 2);
  for (const count of [1, 3, 4, 5, 4095, 4096, 4097, 9000]) {
    const values = numbers(count, count);
    const [x, y] = [put(values), reserve(Math.ceil(count / 4096) * 2)];
    kernels.sumSquares(x, count, 4096, y);
    const found = new Float64Array(read(y, Math.ceil(count / 4096) * 2).buffer);
    found.forEach((sum, j) => {
      const expected = values.slice(j * 4096, (j + 1) * 4096).reduce((s, v) => s + v * v, 0);
      assert.ok(Math.abs(sum - expected) <= 1e-12 * expected, `block ${j} of ${count}`);
    });
  }
});

test('slices begin with a block where sums are wanted, and cover everything once', () => {
  const model = sequential(
    { flat: flatten(), a: linear(100, 97), b: linear(97, 1000) },
    { input: [1, 10, 10] },
  );
  const parameters = layoutParameters(model);
  for (let workers = 1; workers <= 9; workers++) {
    const { slices } = planUpdate(
      { optimizer: optimizers.sgd({ lr: 1 }), clipNorm: 1 },
      parameters,
      workers,
    );
    assert.is(slices[0]!.from, 0);
    slices.forEach(({ from, bytes }, i) =>
      assert.is(from + bytes, slices[i + 1]?.from ?? parameters.gradientBytes),
    );
    for (const { from } of slices.slice(1)) {
      const inside = parameters.entries.find(
        (e) => e.offset < from && from < e.offset + align(e.count * 4),
      );
      if (inside) assert.is((from - inside.offset) % (4096 * 4), 0);
    }
  }
});

test('names: parts at either end, globs, regular expressions', () => {
  const names = ['conv1.weight', 'conv1.bias', 'layer1.conv1.weight', 'head.bias', 'conv10.weight'];
  const found = (pattern: string | RegExp) => names.filter((name) => matches(pattern, name));
  assert.equal(found('conv1'), ['conv1.weight', 'conv1.bias']);
  assert.equal(found('bias'), ['conv1.bias', 'head.bias']);
  assert.equal(found('conv1.weight'), ['conv1.weight', 'layer1.conv1.weight']);
  assert.equal(found('*conv1*'), [
    'conv1.weight',
    'conv1.bias',
    'layer1.conv1.weight',
    'conv10.weight',
  ]);
  assert.equal(found('head.*'), ['head.bias']);
  assert.equal(found(/\.weight$/g), ['conv1.weight', 'layer1.conv1.weight', 'conv10.weight']);
  assert.equal(found('c.*'), []);
});

const model = sequential(
  { flat: flatten(), body: chain({ a: linear(4, 3), b: linear(3, 3) }), head: linear(3, 2) },
  { input: [1, 2, 2] },
);

test('groups have their own rates and decays, one call each', () => {
  const optimizer = optimizers.adamW({
    lr: 0.1,
    weightDecay: 0.2,
    groups: [
      { match: /\.bias$/, weightDecay: 0 },
      { match: 'head.*', lrFactor: 0.5 },
    ],
  });
  assert.is(
    JSON.stringify(optimizer.settings['groups']),
    String.raw`[{"match":"/\\.bias$/","weightDecay":0},{"match":"head.*","lrFactor":0.5}]`,
  );
  const parameters = layoutParameters(model, rolesOf(model, { optimizer }));
  assert.equal(
    trainedEntries(parameters).map(({ group }) => group),
    [0, 1, 0, 1, 2, 1],
  );
  const { updates } = planUpdate({ optimizer }, parameters, 1);
  assert.equal(
    updates[0]!.map(({ kernel }) => kernel),
    ['shrink', 'adam', 'adam', 'shrink', 'adam'],
  );
  const rates = ratesOfStep(optimizer, 3, 0.5);
  assert.equal([rates[3], rates[7], rates[11]], [0.05, 0.05, 0.025]);
});

test('frozen parameters stand behind all others and have no gradient', () => {
  const parameters = layoutParameters(
    model,
    rolesOf(model, { optimizer: optimizers.sgd({ lr: 1 }), freeze: ['body'] }),
  );
  assert.is(parameters.gradientBytes, 2 * 64);
  assert.is(parameters.bytes, 6 * 64);
  assert.equal(
    trainedEntries(parameters).map(({ name }) => name),
    ['head.weight', 'head.bias'],
  );
});

test('names that match nothing, and settings that contradict each other', () => {
  const optimizer = optimizers.sgd({ lr: 1 });
  const refuse = (make: () => unknown, message: RegExp, hint?: string) =>
    assert.throws(make, (error: LanewiseError) => {
      assert.instance(error, LanewiseError);
      assert.match(error.message, message);
      assert.is(error.hint, hint);
      return true;
    });
  refuse(
    () => rolesOf(model, { optimizer, freeze: ['boddy.a'] }),
    /^freeze: 'boddy.a' matches no parameter$/,
    "did you mean 'body.a'?",
  );
  refuse(
    () => rolesOf(model, { optimizer: optimizers.sgd({ lr: 1, groups: [{ match: 'haed' }] }) }),
    /^parameter group: 'haed' matches no parameter$/,
    "did you mean 'head'?",
  );
  refuse(() => rolesOf(model, { optimizer, freeze: ['*'] }), /every parameter is frozen/);
  refuse(
    () => rolesOf(model, { optimizer, freeze: [3 as never] }),
    /freeze: pattern is 3, expected a name, a glob/,
  );
  refuse(
    () =>
      planUpdate(
        { optimizer: optimizers.lars({ lr: 1 }), clipNorm: 1 },
        layoutParameters(model),
        1,
      ),
    /clipNorm with lars/,
  );
  refuse(
    () => optimizers.sgd({ lr: 1, groups: [{ match: 'a', lr: -1 }] }),
    /^sgd: groups\[0\]: lr is -1/,
  );
  refuse(
    () => optimizers.sgd({ lr: 1, groups: [{ match: 'a', lr: 1, lrFactor: 2 }] }),
    /^sgd: groups\[0\] has lr and lrFactor, expected one of them$/,
  );
  refuse(() => optimizers.adagrad({ eps: 0 }), /adagrad: eps is 0, expected a number of at least/);
  refuse(() => optimizers.ema({ decay: 1 }), /ema: decay is 1, expected a number in \[0, 1\)/);
  refuse(() => optimizers.swa({ every: 'day' as 'step' }), /swa: every is 'day'/);
});

test('shares of averages make means', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const averageOf = (average: optimizers.Average, stepsPerEpoch: number) => {
    let r = NaN;
    values.forEach((value, step) => {
      const share = average.share(step, stepsPerEpoch, values.length);
      if (share > 0) r = share === 1 ? value : r + share * (value - r);
    });
    return r;
  };
  const near = (found: number, expected: number) =>
    assert.ok(Math.abs(found - expected) < 1e-12, `${found}, ${expected}`);
  near(averageOf(optimizers.swa({ from: 2 }), 2), (1 + 9 + 6) / 3);
  near(averageOf(optimizers.swa(), 2), 6);
  near(averageOf(optimizers.swa({ every: 'step', from: 5 }), 2), (9 + 2 + 6) / 3);
  near(
    averageOf(optimizers.ema({ decay: 0.5, warmup: false }), 2),
    values.slice(1).reduce((r, v) => r / 2 + v / 2, 3),
  );
  const zero = values.reduce((r, v) => r / 2 + v / 2, 0);
  near(averageOf(optimizers.ema({ decay: 0.5, biasCorrection: true }), 2), zero / (1 - 0.5 ** 8));
});

test('the decay of an average grows with the updates, so that its first ones are soon forgotten', () => {
  const share = (n: number) => optimizers.ema({ decay: 0.9 }).share(n, 10, 1000);
  assert.is(share(0), 1);
  for (const n of [1, 5, 79]) assert.ok(Math.abs(1 - share(n) - (1 + n) / (10 + n)) < 1e-12);
  for (const n of [80, 81, 5000]) assert.is(share(n), 1 - 0.9);
  // What is left of the first weights after a run of 60 steps, with 0.999: PyTorch’s average, and this.
  const left = (options: optimizers.EmaOptions) => {
    let part = 1;
    for (let n = 1; n < 60; n++) part *= 1 - optimizers.ema(options).share(n, 10, 60);
    return part;
  };
  assert.ok(Math.abs(left({ warmup: false }) - 0.999 ** 59) < 1e-12);
  assert.ok(left({}) < 1e-7, String(left({})));
  assert.throws(
    () => optimizers.ema({ warmup: true, biasCorrection: true }),
    /ema has warmup and biasCorrection, expected one of them/,
  );
});

test.run();
