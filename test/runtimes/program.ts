/**
 * The program that the test of runtimes runs in each of them, on web standards alone: the recipe of `verify`, and LeNet-5
 * for 200 steps. It receives the library, as each runtime has its own way to import it.
 */
import type * as Lanewise from '../../src/index.js';

export interface MatrixReport {
  /** Number of workers → hash of weights. */
  readonly verify: Readonly<Record<number, string>>;
  readonly strict: Readonly<Record<number, string>>;
  /** Null where the probe finds no multiply-add that rounds once. */
  readonly fused: Readonly<Record<number, string>> | null;
  /** The answers of a model file to rows of a table. */
  readonly rows: readonly Lanewise.Answer[];
  readonly seconds: number;
}

/** Steps: 4 epochs of 50 minibatches. */
export const STEPS = 200;
const BATCH = 64;
const EPOCHS = 4;

/** @param workers the numbers of workers to compare; they have no influence on any hash. */
export async function runProgram(
  lanewise: typeof Lanewise,
  workers: readonly number[],
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

  return {
    verify: await each(async (count) => (await verify({ workers: count })).sha256),
    strict: await each((count) => lenet('strict', count)),
    fused: relaxedMaddIsFused() ? await each((count) => lenet('fused', count)) : null,
    rows: await predictRows(lanewise),
    seconds: (performance.now() - start) / 1000,
  };
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
