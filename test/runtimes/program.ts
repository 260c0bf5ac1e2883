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
  readonly seconds: number;
}

/** Steps: 4 epochs of 50 minibatches. */
export const STEPS = 200;
const BATCH = 64;
const EPOCHS = 4;

/** @param workers the numbers of workers to compare; they have no influence on any hash. */
export async function runProgram(
  { digits, lenet5, momentum, relaxedMaddIsFused, train, verify }: typeof Lanewise,
  workers: readonly number[],
): Promise<MatrixReport> {
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
    seconds: (performance.now() - start) / 1000,
  };
}
