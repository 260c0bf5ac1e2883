/**
 * A plan survives its way to another machine, and one that a stranger has made is refused before memory is taken, or is
 * harmless.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { decodePlan, encodePlan } from '../../src/cluster/plan-wire.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import {
  elastic,
  oneOf,
  randomApply,
  randomCrop,
  randomErasing,
  randomHorizontalFlip,
} from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { columnsOf } from '../../src/feed/columns.js';
import { sizeOf } from '../../src/graph/tensor.js';
import type { Model } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { gpt, lenet5, resNet18, resnet20, smallVgg } from '../../src/models/index.js';
import { adamW, lars, momentum, sgd } from '../../src/optimizers/index.js';
import { planRun, type RunPlan, type TrainingRequest } from '../../src/step/run-plan.js';
import { openMemory } from '../../src/step/run-memory.js';
import { createLocalPool } from '../../src/crew/worker-pool.js';
import { orderAt } from '../../src/crew/session.js';
import { examples, modelOf } from '../support/layer-examples.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { mutations } from '../support/mutations.js';

const BATCH = 8;
const LIMITS = { maxMemory: 2 ** 32 };

/** Blank samples of a model, with targets of its outputs' shapes. */
function blank(model: Model): TensorDataset {
  const inputs = Object.entries(model.architecture.inputs).map(([name, { shape, vocabulary }]) => {
    const count = BATCH * sizeOf(shape);
    const values = vocabulary === undefined ? new Float32Array(count) : new Int32Array(count);
    return [name, { values, shape }];
  });
  const targets = [...model.outputs].map(([name, shape]) => [
    name,
    { values: new Float32Array(BATCH * sizeOf(shape)), shape },
  ]);
  return {
    name: 'blank',
    inputs: Object.fromEntries(inputs),
    targets: Object.fromEntries(targets),
  } as TensorDataset;
}

/** The plan of two threads for a minibatch in four shards. */
function planFor(
  model: Model,
  training: Partial<TrainingRequest> = {},
  data = blank(model),
): RunPlan {
  const terms = lossTerms('meanSquaredError', [...model.outputs.keys()]);
  return planRun({
    model,
    terms,
    numerics: 'strict',
    workers: 2,
    datasets: [columnsOf(model, terms, samplesOf(data))],
    training: { optimizer: sgd({ lr: 0.1 }), batch: BATCH, shards: 4, ...training },
  });
}

/** Fields that are not there are as fields that are undefined. */
const stripped = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Map
    ? value
    : Array.isArray(value)
      ? value.map(stripped)
      : Object.fromEntries(
          Object.entries(value)
            .filter(([, one]) => one !== undefined)
            .map(([key, one]) => [key, stripped(one)]),
        );

const roundTrip = (plan: RunPlan): RunPlan => decodePlan(encodePlan(plan), LIMITS);

/** Augmented, mixed and averaged. */
function augmented(): RunPlan {
  const terms = lossTerms('crossEntropy', ['output']);
  const model = smallVgg();
  const data = transformed(digits({ count: BATCH }), [
    randomCrop({ size: 28, padding: 2 }),
    oneOf([[elastic({ alpha: 34, sigma: 4 })], [randomHorizontalFlip()]]),
    randomApply([randomErasing()], 0.5),
  ]);
  return planRun({
    model,
    terms,
    numerics: 'strict',
    workers: 2,
    datasets: [columnsOf(model, terms, samplesOf(data))],
    training: {
      optimizer: momentum({ lr: 0.1 }),
      batch: BATCH,
      shards: 3,
      epochSamples: 7,
      mixup: { alpha: 0.2 },
      average: {},
    },
  });
}

test('plans are the same at the other end', () => {
  const plans = {
    lenet5: planFor(lenet5()),
    resnet20: planFor(resnet20(), { shards: 3, optimizer: adamW({ lr: 0.1 }), clipNorm: 1 }),
    resNet18: planFor(resNet18({ size: 64, classes: 10 }), { optimizer: lars({ lr: 0.1 }) }),
    gpt: planFor(gpt({ vocabulary: 65 })),
    augmented: augmented(),
  };
  for (const [name, plan] of Object.entries(plans))
    assert.equal(stripped(roundTrip(plan)), stripped(plan), name);
});

test('plans of every kind of layer are taken', () => {
  for (const example of examples) {
    const model = modelOf(example);
    assert.equal(stripped(roundTrip(planFor(model))), stripped(planFor(model)), example[0].kind);
  }
});

/** A plan's JSON, changed. */
function changed(change: (plan: any) => void): Uint8Array {
  const json = JSON.parse(new TextDecoder().decode(encodePlan(planFor(lenet5()))));
  change(json);
  return new TextEncoder().encode(JSON.stringify(json));
}

function refusal(bytes: Uint8Array, limits = LIMITS): string {
  try {
    decodePlan(bytes, limits);
  } catch (error) {
    assert.instance(error, LanewiseError, String(error));
    return (error as Error).message;
  }
  return 'none';
}

/** The first address of the first call. */
const addressOf = (plan: any): any =>
  plan.steps['8']['2'].calls[0].operands.find((one: unknown) => typeof one === 'object');

test('what does not lie in the memory is refused, by the name of the field', () => {
  const cases: readonly (readonly [(plan: any) => void, RegExp])[] = [
    [(p) => (p.memory.bytes = 2 ** 40), /memory\.bytes is \d+, expected a whole number from 0 to/],
    [(p) => (p.memory.regions[3].base = 0), /memory\.regions\[3\]\.base is 0, expected a multiple/],
    [(p) => (p.memory.regions[2].bytes += 64), /memory\.regions\[3\]\.base is \d+, expected/],
    [(p) => (p.memory.regions.at(-1).bytes = 2 ** 31), /regions\[\d+\]\.bytes is 2147483648/],
    [(p) => (p.workers = 1e6), /workers is 1000000, expected a whole number from 1 to 4096/],
    [(p) => (p.hands = 3), /hands is 3, expected at most 2/],
    [(p) => (p.shards = 9), /shards is 9, expected at most 8/],
    [(p) => (p.batch = 2 ** 29), /steps\.8\.8 is undefined, expected a program/],
    [(p) => (p.memory.regions[1].bytes = 0), /regions 'order' is 0, expected at least 32 bytes/],
    [(p) => (p.gradientSlots = 1), /gradientSlots is 1, expected at least 2/],
    [(p) => (p.gradientSlots = 1e4), /regions 'gradients' is \d+, expected at least/],
    [(p) => (p.datasets[0].slots = 1e9), /columns\[0\]\.values is \d+, expected a place for/],
    [(p) => (p.datasets[0].columns[1].to = 2 ** 30), /columns\[1\]\.to is 1073741824, expected/],
    [(p) => (p.io.loss = 2 ** 30), /io\.loss is 1073741824, expected a place for 16 bytes/],
    [(p) => delete p.steps['8']['2'], /steps\.8\.2 is undefined, expected a program/],
    [
      (p) => (p.steps['8']['2'].calls[1].kernel = 'toString'),
      /steps\.8\.2\.calls\[1\]\.kernel is 'toString', expected a kernel of this version/,
    ],
    [
      (p) => p.steps['8']['2'].calls[1].operands.pop(),
      /steps\.8\.2\.calls\[1\]\.operands is \d+, expected \d+ of/,
    ],
    [
      (p) => (addressOf(p).offset = 2 ** 31),
      /steps\.8\.2\.calls\[0\]\.operands\[\d+\] is .*2147483648.*, expected .* within its segment/,
    ],
    [(p) => (addressOf(p).segment = 'heap'), /segment is 'heap', expected one of parameters/],
    [
      (p) => p.parameters.entries.forEach((one: any) => (one.offset = 2 ** 30)),
      /entries\[0\]\.off/,
    ],
    [(p) => (p.steps['8']['2'].workspaceBytes = 2 ** 30), /workspaceBytes is 1073741824, expected/],
    [(p) => (p.steps['constructor'] = {}), /steps is an object, expected at most 64 sizes/],
  ];
  for (const [change, message] of cases) assert.match(refusal(changed(change)), message);
  assert.match(refusal(new Uint8Array(9)), /^the plan is not JSON: /);
  assert.is(refusal(changed(() => {})), 'none');
});

test('a plan that needs more memory than it may have, or other threads, is refused', () => {
  const plan = planFor(lenet5());
  const { bytes } = plan.memory;
  assert.match(
    refusal(encodePlan(plan), { maxMemory: bytes - 1 }),
    new RegExp(
      `^the plan needs ${bytes} bytes of memory, this machine gives at most ${bytes - 1}$`,
    ),
  );
  assert.is(refusal(encodePlan(plan), { maxMemory: bytes }), 'none');
  const limits = { maxMemory: bytes, workers: 3 };
  assert.match(refusal(encodePlan(plan), limits), /workers is 2, expected 3/);
});

/** Runs a step of a plan that was taken; a trap ends it, and all that it may damage is its own memory. */
async function runStep(plan: RunPlan): Promise<void> {
  const run = await openMemory(plan, false);
  const pool = createLocalPool({ ...plan, workers: 1, hands: 1 }, run.module, run.memory);
  orderAt(plan, run.memory, plan.batch).fill(plan.datasets[0]!.slots - 1);
  await pool
    .run({ kind: 'gradients', minibatch: { dataset: 0, size: plan.batch }, step: 1, key: [1, 2] })
    .catch((error: unknown) => {
      const isConfined =
        error instanceof WebAssembly.RuntimeError || /is not a function|undefined/.test(`${error}`);
      if (!isConfined) throw error;
    });
}

test('a plan with any field changed is refused, or does no harm', async () => {
  const json: unknown = JSON.parse(new TextDecoder().decode(encodePlan(augmented())));
  let [index, taken, refused] = [0, 0, 0];
  for (const one of mutations(json)) {
    // There are some 100,000.
    if (index++ % 199 !== 0) continue;
    try {
      const plan = decodePlan(new TextEncoder().encode(JSON.stringify(one)), {
        maxMemory: 2 ** 28,
      });
      taken++;
      if (taken % 3 === 0) await runStep(plan);
    } catch (error) {
      assert.instance(error, LanewiseError, `mutation ${index - 1}: ${(error as Error).stack}`);
      refused++;
    }
  }
  assert.ok(refused > 20 && taken > 10, `${refused} refused, ${taken} taken`);
});

test('a damaged plan is refused, or is a plan', async () => {
  const files = [planFor(lenet5()), augmented()].map(encodePlan);
  await fuzz(
    files,
    fuzzCount(100),
    (bytes) => decodePlan(bytes, LIMITS),
    (plan) => assert.ok(plan.memory.bytes > 0),
  );
});

test.run();
