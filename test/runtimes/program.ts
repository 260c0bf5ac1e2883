/**
 * The program that the test of runtimes runs in each of them, on web standards alone: the recipe of `verify`, and LeNet-5
 * for 200 steps. It receives the library, as each runtime has its own way to import it.
 */
import type * as Lanewise from '../../src/index.js';
import { int8Bits } from './int8-bits.js';

export interface MatrixReport {
  /** Number of workers → hash of weights. */
  readonly verify: Readonly<Record<number, string>>;
  readonly strict: Readonly<Record<number, string>>;
  /** Null where the probe finds no multiply-add that rounds once. */
  readonly fused: Readonly<Record<number, string>> | null;
  /** Weights of a net of the functions that are computed in double precision, and of ops composed of others. */
  readonly functions: string;
  /** The answers of a model file to rows of a table. */
  readonly rows: readonly Lanewise.Answer[];
  /** Build of the kernels on bytes → hash of all that they give. */
  readonly int8: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Builds of the kernels on bytes by name. */
export type Int8Modules = Readonly<Record<string, WebAssembly.Module>>;

/** Steps: 4 epochs of 50 minibatches. */
export const STEPS = 200;
const BATCH = 64;
const EPOCHS = 4;

/** @param workers the numbers of workers to compare; they have no influence on any hash. */
export async function runProgram(
  lanewise: typeof Lanewise,
  workers: readonly number[],
  int8: Int8Modules,
): Promise<MatrixReport> {
  const { digits, lenet5, momentum, relaxedMaddIsFused, train, verify } = lanewise;
  const start = performance.now();
  const data = digits({ count: (STEPS / EPOCHS) * BATCH, seed: 6 });

  const lenet = async (numerics: 'strict' | 'fused', count: number): Promise<string> => {
    const { model } = await train(lenet5(), {
      data,
      optimizer: momentum({ lr: 0.1 }),
      schedule: 'linear',
      batch: BATCH,
      epochs: EPOCHS,
      seed: 6,
      numerics,
      workers: count,
    });
    return model.sha256();
  };

  /** One after another: several runs at once would fight for threads. */
  async function each(hash: (count: number) => Promise<string>): Promise<Record<number, string>> {
    const hashes: Record<number, string> = {};
    for (const count of workers) hashes[count] = await hash(count);
    return hashes;
  }

  const int8Hashes: [string, string][] = [];
  for (const [name, module] of Object.entries(int8))
    int8Hashes.push([name, await int8Bits(module)]);
  return {
    verify: await each(async (count) => (await verify({ workers: count })).sha256),
    strict: await each((count) => lenet('strict', count)),
    fused: relaxedMaddIsFused() ? await each((count) => lenet('fused', count)) : null,
    functions: await trainFunctions(lanewise),
    rows: await predictRows(lanewise),
    int8: Object.fromEntries(int8Hashes),
    seconds: (performance.now() - start) / 1000,
  };
}

/** Weights of a net between whose layers rare functions are taken, which then have part in their gradients too. */
async function trainFunctions({
  adam,
  defineLayer,
  linear,
  ops,
  sequential,
  train,
}: typeof Lanewise): Promise<string> {
  const features = 8;
  const rare = defineLayer('rare', {}, (_, x) => {
    const one = ops.constant(1, [1]);
    const share = ops.scale(ops.tanh(x), 0.75);
    const positive = ops.add(ops.square(x), one);
    const every = [
      ops.sin(ops.scale(x, 1e6)),
      ops.cos(ops.scale(x, 300)),
      ops.tan(share),
      ops.atan(x),
      ops.asin(share),
      ops.acos(share),
      ops.atanh(share),
      ops.acosh(ops.add(positive, one)),
      ops.sinh(x),
      ops.cosh(share),
      ops.asinh(x),
      ops.pow(positive, share),
      ops.fmod(x, share),
      ops.remainder(x, positive),
      ops.round(ops.scale(x, 3)),
      ops.where(ops.greater(x, share), ops.mish(x), ops.celu(x, 2)),
      ops.softsign(x),
      ops.cumsum(x, 1),
      ops.logsumexp(x, 1, true),
      ops.prod(share, 1, true),
    ];
    return ops.concat(every, 1);
  });
  const values = Float32Array.from({ length: 64 * 4 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const targets = Uint8Array.from({ length: 64 }, (_, i) => (i * 7) % 3);
  const wide = 18 * features + 2;
  const { model } = await train(
    sequential([linear(4, features), rare, linear(wide, 3)], { input: [4] }),
    {
      data: {
        name: 'numbers',
        inputs: { input: { shape: [4], values } },
        targets: { output: { shape: [], values: targets } },
      },
      optimizer: adam({ lr: 0.001 }),
      epochs: 5,
      batch: 16,
      loss: 'crossEntropy',
      numerics: 'strict',
      workers: 0,
    },
  );
  return model.sha256();
}

/** The answers to rows with numbers, classes, dates and gaps, of a model that went through a file. */
export async function predictRows({
  adam,
  decodeModel,
  encodeModel,
  linear,
  relu,
  sequential,
  train,
}: typeof Lanewise): Promise<readonly Lanewise.Answer[]> {
  const table: Lanewise.TableFormat = {
    columns: [
      { name: 'size', type: 'number', missing: 2.5, flag: true },
      { name: 'port', type: 'class', classes: ['x', 'y', ''], missing: '' },
      { name: 'at', type: 'date', parts: ['time', 'year', 'week', 'day'] },
    ],
    targets: [{ name: 'kind', type: 'class', classes: ['a', 'b', 'c'] }],
  };
  const features = 12;
  const data: Lanewise.TensorDataset = {
    name: 'rows',
    table,
    classes: ['a', 'b', 'c'],
    inputs: {
      input: {
        shape: [features],
        values: Float32Array.from({ length: 40 * features }, (_, i) => ((i * 37) % 101) / 50 - 1),
      },
    },
    targets: { output: { shape: [], values: Uint8Array.from({ length: 40 }, (_, i) => i % 3) } },
  };
  const net = sequential([linear(features, 8), relu(), linear(8, 3)], { input: [features] });
  const { model } = await train(net, {
    data,
    optimizer: adam({ lr: 0.01 }),
    epochs: 5,
    batch: 8,
    loss: 'crossEntropy',
    numerics: 'strict',
    workers: 0,
  });
  const read = decodeModel(encodeModel(model), 'rows');
  const { answers } = await read.predict([
    { size: 7.25, port: 'y', at: '2024-02-29 18:45' },
    { size: null, port: null, at: '1969-07-20' },
  ]);
  return answers!;
}
