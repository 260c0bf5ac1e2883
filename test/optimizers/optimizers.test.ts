/** Update rules: ten steps with given gradients, the parameters after each, against PyTorch. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adam, momentum, sgd, type Optimizer } from '../../src/optimizers/index.js';
import { schedules } from '../../src/optimizers/schedule.js';
import { RATE_SLOTS } from '../../src/optimizers/optimizer.js';
import { link, run } from '../../src/engine/link.js';
import { createEmitter } from '../../src/program/emitter.js';
import { address, type KernelCall } from '../../src/program/program.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Case {
  settings: { kind: 'sgd' | 'momentum' | 'adam'; lr?: number };
  count: number;
  seed: number;
  steps: number;
  after: string;
}

const rules = {
  sgd: (settings: object) => sgd(settings as Parameters<typeof sgd>[0]),
  momentum: (settings: object) => momentum(settings as Parameters<typeof momentum>[0]),
  adam: (settings: object) => adam(settings),
};

/** Parameters after each step, one after another. */
async function train(
  optimizer: Optimizer,
  { count, seed, steps }: Case,
  numerics: 'strict' | 'fused',
) {
  const { kernels, put, read } = await createInstance(numerics, 1);
  const parameters = put(numbers(count, seed));
  const state = put(new Float32Array(count * 2));
  const after: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rates = new Float32Array(RATE_SLOTS);
    rates.set(optimizer.rates(step, optimizer.learningRate));
    const calls: KernelCall[] = [];
    optimizer.update(
      createEmitter(calls, () => ({ label: 'update', flops: 0 })),
      {
        parameters: address('parameters', 0),
        gradients: address('gradients', 0),
        state: [address('state', 0), address('state', count * 4)],
        rates: address('rates', 0),
        count,
      },
    );
    const bases = {
      parameters,
      state,
      gradients: put(numbers(count, seed + 1 + step)),
      rates: put(rates),
      batch: 0,
      results: 0,
      activations: 0,
      workspace: 0,
    };
    run(link(calls, kernels, bases));
    after.push(...read(parameters, count));
  }
  return after;
}

for (const numerics of availableNumerics) {
  test(`every rule (${numerics}) follows PyTorch over ten steps`, async () => {
    const cases = loadGolden<Case>('optimizers');
    assert.is(cases.length, 7);
    for (const golden of cases) {
      const { kind, ...settings } = golden.settings;
      const found = await train(rules[kind](settings), golden, numerics);
      assertClose(found, unpack(golden.after), 1e-5, JSON.stringify(golden.settings));
    }
  });
}

test('schedules: constant stays, linear falls from 1 to 1/steps', () => {
  assert.is(schedules.constant(), 1);
  assert.equal(
    [0, 5, 9].map((step) => schedules.linear(step, 10)),
    [1, 0.5, 0.1],
  );
});

test.run();
