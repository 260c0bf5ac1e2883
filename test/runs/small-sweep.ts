/**
 * A sweep of 20 settings of a small net, to be killed. Prints a line for each setting that has trained as far as it is to,
 * and at the end its table without times.
 *   node small-sweep.js '{"folder":"sweep","jobs":2,"halving":true}'
 */
import {
  digits,
  flatten,
  linear,
  momentum,
  relu,
  sequential,
  split,
  sweep,
} from '../../src/index.js';
import type { SweepOptions, SweepResult, SweepRow } from '../../src/index.js';

const [data, validation] = split(digits({ count: 240, seed: 3 }), 0.75);
const test = digits({ count: 60, seed: 3, first: 5000 });

/** What is tried; high rates diverge. */
export const space = {
  lr: { from: 0.003, to: 3000, log: true },
  hidden: { from: 8, to: 24, whole: true },
  schedule: ['constant', 'cosine'],
};

/** The sweep; `workers` are those of each run. */
export const smallSweep = (
  options: SweepOptions & { readonly workers?: number },
): Promise<SweepResult> => {
  const { workers, ...others } = options;
  return sweep(
    space,
    ({ lr, hidden, schedule }) => ({
      model: sequential(
        [flatten(), linear(784, Number(hidden)), relu(), linear(Number(hidden), 10)],
        {
          input: [1, 28, 28],
        },
      ),
      name: 'small',
      settings: {
        data,
        validation,
        optimizer: momentum({ lr: Number(lr) }),
        schedule: schedule as 'constant' | 'cosine',
        epochs: 4,
        batch: 30,
        loss: 'meanSquaredError' as const,
        // Of processes with and without relaxed SIMD.
        numerics: 'strict' as const,
        ...(workers === undefined ? {} : { workers }),
      },
    }),
    { random: 20, test, report: false, ...others },
  );
};

const withoutTimes = (row: SweepRow) => ({
  ...row,
  seconds: 0,
  history: row.history.map((figures) => ({ ...figures, imagesPerSecond: 0 })),
});

/** All that does not depend on the clock. */
export const tableOf = ({ rows, best, test: tested, ...others }: SweepResult): object =>
  // As it is read back: infinities of diverging runs are null.
  JSON.parse(
    JSON.stringify({ ...others, tested, best: best?.number, rows: rows.map(withoutTimes) }),
  ) as object;

if (process.argv[1]?.endsWith('small-sweep.js')) {
  const result = await smallSweep({
    ...(JSON.parse(process.argv[2]!) as SweepOptions),
    onSetting: ({ number, history }) => console.log(`setting ${number}: ${history.length}`),
  });
  console.log(JSON.stringify(tableOf(result)));
}
