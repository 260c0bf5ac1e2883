/** The digest of a run's state after each step: its definition in whole numbers, and the same from any workers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSession, type Session } from '../../src/crew/session.js';
import { digits } from '../../src/data/digits/index.js';
import { samplesOf } from '../../src/data/forms.js';
import { batchNorm2d, conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { adam, ema, lars, momentum } from '../../src/optimizers/index.js';
import { randomStream } from '../../src/random/philox.js';
import { purpose } from '../../src/random/purposes.js';
import * as digests from '../../src/step/digests.js';
import type { TrainingRequest } from '../../src/step/run-plan.js';
import { stateEntries } from '../../src/step/state-arrays.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import { createDraw, numbers } from '../support/numbers.js';

const { word } = randomStream(0, purpose.digest, 0);
const keys = Uint32Array.from({ length: 1024 }, word);

/** SplitMix64's output at a place, made odd. */
function multiplier(place: bigint): bigint {
  const wrap = (value: bigint) => BigInt.asUintN(64, value);
  let z = wrap(place * 0x9e3779b97f4a7c15n);
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return (z ^ (z >> 31n)) | 1n;
}

/** The two sums for words of which the first has place `first` in the state, a multiple of 16. */
function digestOf(words: Uint32Array, first: number): digests.Digest {
  const sums: [bigint, bigint] = [0n, 0n];
  const keyed = (i: number) => ((words[i] ?? 0) + keys[(first + i) % 1024]!) % 2 ** 32;
  // Words that are missing from the last eight are zeros.
  const end = Math.ceil(words.length / 8) * 8;
  for (let i = 0; i < end; i++) {
    if (i % 8 >= 4) continue;
    const block = Math.floor((first + i) / 1024);
    const half = (i % 2) as 0 | 1;
    const product = BigInt(keyed(i)) * BigInt(keyed(i + 4));
    sums[half] += product * multiplier(BigInt(2 * block + 1 + half));
  }
  return sums;
}

const sumOf = (digests: readonly digests.Digest[]): digests.Digest =>
  [0, 1].map((half) =>
    BigInt.asUintN(
      64,
      digests.reduce((sum, digest) => sum + digest[half]!, 0n),
    ),
  ) as unknown as digests.Digest;

const bitsOf = ({ buffer, byteOffset, length }: Float32Array) =>
  new Uint32Array(buffer, byteOffset, length).slice();

for (const numerics of availableNumerics) {
  test(`the kernel computes what the definition says, however the words are cut (${numerics})`, async () => {
    const { kernels, put, readInts } = await createInstance(numerics);
    const keysAt = put(new Int32Array(keys.buffer));
    const draw = createDraw(3);
    for (const count of [1, 3, 4, 5, 7, 8, 9, 16, 1000, 1024, 1025, 5000]) {
      const values = numbers(count, count);
      const line = draw(0, 200);
      const [x, sums] = [put(values), put(new Int32Array(4))];
      const cut = 16 * draw(0, Math.floor(count / 16));
      for (const [from, end] of [
        [cut, count],
        [0, cut],
      ] as const)
        kernels.digest(x + from * 4, end - from, line + from / 16, keysAt, sums);
      const found = new BigUint64Array(readInts(sums, 4).buffer);
      const expected = sumOf([digestOf(bitsOf(values), line * 16)]);
      assert.equal([...found], [...expected], `${count} words from line ${line}, cut at ${cut}`);
    }
  });
}

const model = sequential(
  [
    conv2d(1, 3, 5),
    batchNorm2d(3),
    relu(),
    conv2d(3, 5, 9, { stride: 3 }),
    relu(),
    flatten(),
    linear(180, 10),
  ],
  { input: [1, 28, 28] },
);
const data = samplesOf(digits({ count: 50 }));

/** Digests after each of some steps. */
async function digestsOf(training: Partial<TrainingRequest>, workers: number) {
  const optimizer = training.optimizer ?? adam({ lr: 0.01 });
  const request = { optimizer, batch: 20, shards: 3, digests, ...training };
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', ['output']),
    numerics: 'strict',
    workers,
    datasets: [data],
    training: request,
  });
  try {
    session.initialize(1);
    session.writeOrder(Uint32Array.from({ length: 50 }, (_, i) => i));
    const share = request.average ? [0.5, 0, 0, 0] : [];
    const rates = [0, 1].map((step) => [...optimizer.rates(step, 1), ...share]);
    const before = session.digestNow('all');
    const metrics = await session.train(0, rates, 0);
    const fixed = session.digestNow('fixed');
    const after = session.digestNow('all');
    const found = metrics.map(({ digest }) => sumOf([digest!, fixed]));
    return { found, before, after, defined: definedBy(session) };
  } finally {
    await session.close();
  }
}

/** The digest of a session's state by its definition. */
function definedBy({ plan, viewWeights, viewState }: Session): digests.Digest {
  const { parameters, update } = plan;
  const { bytes, trainedBytes } = parameters;
  const [weights, state] = [viewWeights(), viewState()];
  const ofWeights = parameters.entries.map(({ name, offset }) =>
    digestOf(bitsOf(weights.get(name)!), offset / 4),
  );
  const ofState = stateEntries(plan).map(({ name, offset }) => {
    const isAverage = name.startsWith('average.');
    const place = isAverage
      ? offset - update!.averageOffset! + update!.stateArrays * trainedBytes
      : offset;
    return digestOf(bitsOf(state.get(name)!), (bytes + place) / 4);
  });
  return sumOf([...ofWeights, ...ofState]);
}

const CASES: Readonly<Record<string, Partial<TrainingRequest>>> = {
  'adam, clipped': { clipNorm: 1 },
  'momentum, updated at once, with an average': {
    optimizer: momentum({ lr: 0.1 }),
    shards: 1,
    average: ema(),
  },
  'lars, with frozen parameters': { optimizer: lars({ lr: 0.1 }), freeze: ['0.weight', '6'] },
};

for (const [what, training] of Object.entries(CASES)) {
  test(`a step leaves the digest of its state, with any workers: ${what}`, async () => {
    const alone = await digestsOf(training, 0);
    assert.equal(alone.found.at(-1), alone.defined);
    assert.equal(alone.after, alone.defined);
    assert.is(new Set([alone.before, ...alone.found].map(String)).size, 3);
    for (const workers of [1, 2, 3, 5])
      assert.equal((await digestsOf(training, workers)).found, alone.found, `${workers}`);
  });
}

test('a bit of a weight or of the optimizer’s state changes the digest', async () => {
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', ['output']),
    numerics: 'strict',
    workers: 0,
    datasets: [data],
    training: { optimizer: momentum({ lr: 0.1 }), batch: 20, shards: 3, digests },
  });
  session.initialize(2);
  const draw = createDraw(5);
  const arrays = [...session.viewWeights().values(), ...session.viewState().values()];
  const known = new Set([String(session.digestNow('all'))]);
  for (let i = 0; i < 200; i++) {
    const values = arrays[i % arrays.length]!;
    const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
    words[draw(0, words.length - 1)]! ^= 1 << draw(0, 31);
    known.add(String(session.digestNow('all')));
  }
  assert.is(known.size, 201);
  await session.close();
});

test('a run without a receipt has no digests, and no memory for them', async () => {
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', ['output']),
    numerics: 'strict',
    workers: 0,
    datasets: [data],
    training: { optimizer: momentum({ lr: 0.1 }), batch: 20, shards: 3 },
  });
  assert.is(session.plan.memory.regions.find(({ name }) => name === 'digests')!.bytes, 0);
  session.writeOrder(Uint32Array.from({ length: 50 }, (_, i) => i));
  const [metrics] = await session.train(0, [[0.1, 0, 0, 0]], 0);
  assert.not('digest' in metrics!);
  await session.close();
});

test.run();
