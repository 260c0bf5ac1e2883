/** Checkpoint files: those of runs are read, and others are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { adam, ema, momentum } from '../../src/optimizers/index.js';
import { randomStream, type RandomStream } from '../../src/random/philox.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../../src/train/checkpoint.js';
import { describeRun } from '../../src/train/describe-run.js';
import { decodeModel } from '../../src/trained/model-file.js';
import { takeUp } from '../../src/train/resume.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import type { LoopResult } from '../../src/train/result.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { trainingLoop } from '../../src/train/loop.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

const model = sequential({ flat: flatten(), dense: linear(784, 10) }, { input: [1, 28, 28] });
const settings: TrainSettings = {
  data: digits({ count: 128, seed: 1 }),
  validation: digits({ count: 32, seed: 2 }),
  optimizer: adam({ lr: 0.002 }),
  average: ema({ decay: 0.9 }),
  keepBest: true,
  validateEvery: { steps: 3 },
  epochs: 2,
  batch: 16,
  workers: 0,
};
const stop = AbortSignal.abort();

/** Takes the checkpoint up and, unless the signal says so, trains to the end. */
async function resume(
  taken: Checkpoint,
  changes: Partial<TrainSettings> = {},
  signal?: AbortSignal,
): Promise<LoopResult> {
  const resolved = resolveSettings(model, { ...settings, ...changes });
  const resumed = { checkpoint: taken, changed: Object.keys(changes), takeUp };
  const events = trainingLoop(model, resolved, signal ? { signal } : {}, resumed);
  for (;;) {
    const { done, value } = await events.next();
    if (done) return value;
  }
}

let checkpoint: Checkpoint;
let bytes: Uint8Array;
test.before(async () => {
  const resolved = resolveSettings(model, settings);
  const description = await describeRun(model, resolved);
  const saved: Checkpoint[] = [];
  const checkpoints = {
    everySteps: 11,
    everyEpoch: false,
    save: async (one: Omit<Checkpoint, 'description'>) => {
      saved.push({ ...one, description });
      return 'kept';
    },
  };
  for await (const _ of trainingLoop(model, resolved, { checkpoints })) if (saved.length > 0) break;
  checkpoint = saved[0]!;
  bytes = Buffer.concat(await encodeCheckpoint(checkpoint));
});

test('a checkpoint is read as it was written, and as a model file', async () => {
  const read = await decodeCheckpoint(bytes, 'c');
  for (const key of ['weights', 'arrays', 'state', 'stepsPerEpoch', 'description'] as const)
    assert.equal(read[key], checkpoint[key], key);
  assert.is(read.state.step, 11);
  assert.is(read.state.history.length, 1);
  assert.equal(decodeModel(bytes, 'c').weights, checkpoint.weights);
});

test('damaged files are refused, or are what was written', () =>
  fuzz(
    [bytes],
    fuzzCount(1000),
    (changed) => decodeCheckpoint(changed, 'c'),
    ({ weights, state }) => {
      assert.equal(weights, checkpoint.weights);
      assert.is(state.step, 11);
    },
  ));

type Json = { [key: string]: unknown };

/** The checkpoint with other contents and a checksum that is right. */
async function forged(
  change: (tensors: Map<string, Float32Array>, state: Json, run: Json) => void,
): Promise<Uint8Array> {
  const { tensors, metadata } = decodeSafetensors(bytes, 'c');
  const values = new Map([...tensors].map(([name, { data }]) => [name, data]));
  const [state, run] = [metadata['checkpoint']!, metadata['run']!].map(
    (text) => JSON.parse(text) as Json,
  ) as [Json, Json];
  change(values, state, run);
  const zeros = '0'.repeat(64);
  const changed = encodeSafetensors(
    new Map(
      [...values].map(([name, data]) => {
        const shape = tensors.get(name)?.shape;
        const fits = shape?.reduce((a, b) => a * b, 1) === data.length;
        return [name, { shape: fits ? shape! : [data.length], data }];
      }),
    ),
    { ...metadata, checkpoint: JSON.stringify(state), run: JSON.stringify(run), sha256: zeros },
  );
  const digest = await crypto.subtle.digest('SHA-256', changed as Uint8Array<ArrayBuffer>);
  const hash = Buffer.from(digest).toString('hex');
  changed.set(Buffer.from(hash), Buffer.from(changed.buffer).indexOf(zeros));
  return changed;
}

const take = async (changed: Uint8Array) => resume(await decodeCheckpoint(changed, 'c'), {}, stop);

test('contents that no run has written are refused, although the checksum is right', async () => {
  const refused = async (
    change: (tensors: Map<string, Float32Array>, state: Json) => void,
    expected: string | RegExp,
  ) =>
    assert.match(
      await refusal(async () =>
        take(await forged((tensors, { state }) => change(tensors, state as Json))),
      ),
      expected,
    );
  await take(await forged(() => {}));
  await refused(
    (_, state) => (state['step'] = 17),
    'checkpoint.state.step is 17, expected a whole number from 0 to 16',
  );
  await refused((_, state) => (state['step'] = -1), 'step is -1, expected a whole number');
  await refused(
    (_, state) => (state['step'] = 12),
    /contradicts itself: it has 48 samples of an epoch at step 12/,
  );
  await refused(
    (_, state) => (state['history'] = []),
    'checkpoint.state.history is [], expected a list of 1',
  );
  await refused(
    (_, state) => (state['misses'] = 1e300),
    'misses is 1e+300, expected a whole number',
  );
  await refused((_, state) => delete state['totals'], 'totals is missing, expected an object');
  await refused((_, state) => delete state['best'], 'best weights are not those');
  await refused((tensors) => tensors.delete('best/dense.bias'), 'best weights are not those');
  await refused((tensors) => tensors.delete('dense.bias'), "'dense.bias' is missing");
  await refused(
    (tensors) => tensors.delete('state/optimizer.1.dense.bias'),
    /has no values of 'optimizer.1.dense.bias', expected 10\n/,
  );
  await refused(
    (tensors) => tensors.set('state/average.dense.bias', new Float32Array(9)),
    "has 9 values of 'average.dense.bias', expected 10",
  );
  await refused(
    (tensors) => tensors.set('state/optimizer.2.dense.bias', new Float32Array(10)),
    "has 10 values of 'optimizer.2.dense.bias', expected none",
  );
  await refused(
    (tensors) => void (tensors.get('dense.bias')![3] = NaN),
    'expected a finite number',
  );
  await refused(
    (tensors) => tensors.set('else', new Float32Array(1)),
    "'else' belongs to no layer",
  );
});

test('a checkpoint of the first version goes on to the same bits', async () => {
  const earlier = await forged((_, place) => {
    place['version'] = 1;
    const state = place['state'] as Json;
    for (const key of ['shift', 'stretches', 'optimizerFrom', 'scheduleFrom', 'averaged'])
      delete state[key];
  });
  const read = await decodeCheckpoint(earlier, 'c');
  assert.equal(read.state, checkpoint.state);
  const [then, now] = await Promise.all([resume(read), resume(checkpoint)]);
  assert.equal(then.weights, now.weights);
  const later = await forged((_, place) => (place['version'] = 3));
  assert.match(
    await refusal(() => decodeCheckpoint(later, 'c')),
    'checkpoint.version is 3, expected one of 1, 2',
  );
});

const nonsense = [null, -1, 0.5, 1e308, 2 ** 60, 'x', '', [], {}, true, 3] as const;

/** Replaces or removes a value somewhere in `json`. */
function spoil(json: Json, random: RandomStream): void {
  const keys = Object.keys(json);
  const key = keys[random.integer(keys.length)];
  if (key === undefined) return;
  const value = json[key];
  if (typeof value === 'object' && value !== null && random.integer(4) > 0)
    return spoil(value as Json, random);
  if (random.integer(6) === 0) delete json[key];
  else json[key] = nonsense[random.integer(nonsense.length)];
}

test('forged contents end in an error, or in a run that can be', async () => {
  const count = fuzzCount(200);
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const random = randomStream(1, 99, i);
    const changed = await forged((tensors, state, run) => {
      const names = [...tensors.keys()];
      const name = names[random.integer(names.length)]!;
      const other = names[random.integer(names.length)]!;
      const values = tensors.get(name)!;
      switch (random.integer(8)) {
        case 0:
          return void tensors.delete(name);
        case 1:
          return void tensors.set(other, values);
        case 2:
          return void tensors.set(`${name}x`, values);
        case 3:
          return void tensors.set(name, values.slice(random.integer(5)));
        case 4:
          return void values.fill([NaN, Infinity, 1e38][random.integer(3)]!);
        case 5:
          return spoil(run, random);
        default:
          return spoil(state, random);
      }
    });
    try {
      const { state, weights } = await take(changed);
      assert.ok(Number.isSafeInteger(state.step) && state.step >= 0 && state.step <= 16);
      assert.is(state.history.length, Math.floor(state.step / 8));
      assert.is(weights.get('dense.weight')!.length, 7840);
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      refused++;
    }
  }
  assert.ok(refused > count / 4 && refused < count, `${refused} of ${count} were refused`);
});

test('an optimizer or an average that is meant to be another starts over', async () => {
  const { state } = await resume(checkpoint, { optimizer: momentum({ lr: 0.01 }) });
  assert.is(state.step, 16);
  const { average: _, ...plain } = settings;
  const resolved = resolveSettings(model, plain);
  const resumed = { checkpoint, changed: ['average'], takeUp };
  const events = trainingLoop(model, resolved, { signal: stop }, resumed);
  let value: LoopResult | undefined;
  for (;;) {
    const next = await events.next();
    if (next.done) {
      value = next.value;
      break;
    }
  }
  assert.is(value.state.isAveraging, false);
  // Smaller minibatches go on after the samples that were taken; updates are counted on.
  const smaller = await resume(checkpoint, { batch: 8 }, stop);
  assert.is(smaller.state.step, 11);
  assert.is(smaller.state.totals.samples, 48);
  assert.is(smaller.state.step - smaller.state.shift, 16 + 6);
});

test.run();
