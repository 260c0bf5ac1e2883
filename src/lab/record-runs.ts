/** What a lab of records finds: the figures and the evidence that all entries of the public table have. */
import {
  checkOptions,
  extent,
  listOf,
  matching,
  natural,
  notNegative,
  numberFrom,
  object,
  required,
  type Check,
} from '../base/check.js';
import { meanAndDeviation } from '../base/mean-and-deviation.js';
import { LanewiseError } from '../base/errors.js';
import { parameterCount, type Model } from '../layers/index.js';
import { operationsOf } from '../look/operations-of.js';
import type { Figure, LabFindings } from './lab.js';

/** One training from one seed. */
export interface SeedRun {
  readonly seed: number;
  /** Test samples that the trained model has right. */
  readonly right: number;
  /** The trained model's SHA-256: `await model.sha256()`. */
  readonly weights: string;
  /** Of training, from the call to the trained model. */
  readonly seconds: number;
}

/** What `recordRuns` is given. */
export interface RecordedRuns {
  readonly model: Model;
  /** Samples that a run trains on, counted as often as they are taken. */
  readonly trained: number;
  /** Samples of the test set. */
  readonly tested: number;
  readonly runs: readonly SeedRun[];
  /** Where the mean accuracy is expected; by default nowhere. */
  readonly expected?: readonly [number, number];
}

/** The names of the figures of every record, in the order of the table. */
export const RECORD_FIGURES = {
  accuracy: 'test accuracy, mean of the seeds',
  accuracySpread: 'its standard deviation between seeds',
  seconds: 'seconds of a training, mean of the seeds',
  secondsSpread: 'their standard deviation between seeds',
  seeds: 'seeds',
  parameters: 'parameters',
  multiplyAdds: 'multiply-adds of a forward pass',
  operations: 'floating-point operations of a training',
} as const;

const hash = matching(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal, as model.sha256() gives it');

const run: Check = (owner, name, value) => {
  object(owner, name, value);
  checkOptions<SeedRun>(`${owner}: ${name}`, value as never, {
    seed: required(natural),
    right: required(natural),
    weights: required(hash),
    seconds: required(notNegative),
  });
};

/** The line of evidence of a run. */
const lineOf = ({ seed, right, weights }: SeedRun, tested: number): string =>
  `seed ${seed}: ${right} of ${tested} right, weights ${weights}`;

/** The runs that lines of evidence tell of; undefined if some are no such lines. */
export function runsIn(
  evidence: readonly string[],
): readonly (Omit<SeedRun, 'seconds'> & { readonly tested: number })[] | undefined {
  const found = evidence.map((line) =>
    /^seed (\d+): (\d+) of (\d+) right, weights ([0-9a-f]{64})$/.exec(line),
  );
  if (found.length === 0 || found.some((one) => one === null)) return undefined;
  return found.map((one) => ({
    seed: Number(one![1]),
    right: Number(one![2]),
    tested: Number(one![3]),
    weights: one![4]!,
  }));
}

/**
 * Figures and evidence of a lab of records: accuracy and seconds over seeds, and what the net costs. An entry of the public
 * table (docs/records.md) is made of them; the evidence has each seed's right answers and the hash of its weights.
 * @throws LanewiseError kind 'argument' for wrong values, and for more right answers than there are samples.
 */
export function recordRuns(given: RecordedRuns): Pick<LabFindings, 'figures' | 'evidence'> {
  const { model, trained, tested, runs, expected } = checkOptions<RecordedRuns>(
    'recordRuns',
    given,
    {
      model: true,
      trained: required(extent),
      tested: required(extent),
      runs: required(listOf(run, 1)),
      expected: listOf(numberFrom(0, 1), 2, 2),
    },
  );
  const wrong = runs.find((one) => one.right > tested);
  if (wrong)
    throw new LanewiseError(
      'argument',
      `recordRuns: seed ${wrong.seed} has ${wrong.right} right of ${tested} samples, expected at most as many`,
    );
  const { multiplyAdds, training } = operationsOf(model);
  const right = meanAndDeviation(runs.map((one) => one.right));
  const seconds = meanAndDeviation(runs.map((one) => one.seconds));
  const of = RECORD_FIGURES;
  const alone = runs.length === 1 ? { about: 'one seed has none' } : {};
  const figures: Figure[] = [
    {
      name: of.accuracy,
      value: right.mean / tested,
      format: 'percent',
      ...(expected ? { expected } : {}),
    },
    { name: of.accuracySpread, value: right.deviation / tested, format: 'percent', ...alone },
    { name: of.seconds, value: seconds.mean, format: 'seconds' },
    { name: of.secondsSpread, value: seconds.deviation, format: 'seconds', ...alone },
    { name: of.seeds, value: runs.length, format: 'count' },
    { name: of.parameters, value: parameterCount(model), format: 'count' },
    { name: of.multiplyAdds, value: multiplyAdds, format: 'count' },
    { name: of.operations, value: training * trained, format: 'count' },
  ];
  return { figures, evidence: runs.map((one) => lineOf(one, tested)) };
}
