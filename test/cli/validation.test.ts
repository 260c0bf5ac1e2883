/** Samples set aside for validation, so that no run chooses by those it is tested on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplesOf } from '../../src/data/forms.js';
import { limited } from '../../src/cli/data-paths.js';
import type { LabelledSets } from '../../src/cli/data-sources.js';
import type { TrainOptions } from '../../src/cli/train-options.js';
import { withValidation } from '../../src/cli/validation.js';
import { digits } from '../../src/data/digits/index.js';
import type { Dataset, LabelledDataset } from '../../src/data/dataset.js';
import { originOf, type Selection } from '../../src/data/origin.js';
import { leftOut } from '../../src/data/left-out.js';
import { loadModel } from '../../src/trained/model-store.js';
import { refusal } from '../support/refusal.js';
import { eventsOf, inFolder, lanewise } from './lanewise.js';

const data: LabelledSets = {
  train: { ...digits({ count: 200 }), name: 'signs train' },
  test: digits({ count: 40, first: 1_000_000 }),
};
const options = (given: Partial<TrainOptions>): TrainOptions => ({
  data: 'signs',
  seed: 3,
  report: false,
  ...given,
});

const bytesOf = (part: LabelledDataset) => Buffer.from((part as Dataset).samples);
const chosenBy = (part: LabelledDataset, place: number) =>
  originOf(samplesOf(part))!.selections[place] as Exclude<Selection, { by: 'subset' }>;

test('a run that chooses nothing keeps its training samples', () => {
  assert.is(withValidation(data, options({})), data);
  assert.is(withValidation(data, options({ schedule: 'cosine', keepBest: false })), data);
});

test('what chooses gets a tenth of the training samples, by the seed, and never the test samples', () => {
  const choosing = { keepBest: true, patience: 2, schedule: 'reduceOnPlateau' } as const;
  for (const [name, value] of Object.entries(choosing)) {
    const found = withValidation(data, options({ [name]: value }));
    assert.is(found.test, data.test);
    assert.is(found.train.labels.length, 180);
    assert.is(found.validation!.labels.length, 20);
    assert.is(found.validation!.name, 'signs validation');
    // Each class in proportion, and no sample in both.
    const whole = data.train.labels;
    for (let c = 0; c < 10; c++) {
      const count = ({ labels }: LabelledDataset) => labels.filter((label) => label === c).length;
      const share = whole.filter((label) => label === c).length / 10;
      assert.ok(Math.abs(count(found.validation!) - share) < 1);
      assert.is(count(found.train) + count(found.validation!), share * 10);
    }
    assert.equal(
      bytesOf(leftOut(data.train as Dataset, chosenBy(found.train, 0))),
      bytesOf(found.validation!),
    );
  }
  const [one, other] = [3, 4].map((seed) =>
    withValidation(data, options({ keepBest: true, seed })),
  );
  assert.not.equal(bytesOf(one!.validation!), bytesOf(other!.validation!));
  assert.is(withValidation(data, options({ validation: 0.25 })).validation!.labels.length, 50);
});

test('a part for validation is taken as it is; a share that cannot be is refused', async () => {
  const own = { ...data, validation: digits({ count: 30, first: 2_000_000 }) };
  assert.is(withValidation(own, options({ keepBest: true })), own);
  assert.match(
    await refusal(() => withValidation(own, options({ validation: 0.1 }))),
    /--validation 0\.1 is a share of the training samples, and the data has 'digits/,
  );
  const few = { ...data, train: limited(data.train, 4) };
  assert.match(
    await refusal(() => withValidation(few, options({ keepBest: true }))),
    /--keep-best sets 0 of 4 training samples aside/,
  );
});

test('the first samples of a data set are known as such: none of them is among those left out', () => {
  const part = withValidation(
    { ...data, train: limited(data.train, 50) as LabelledDataset },
    options({ keepBest: true }),
  );
  assert.is(originOf(samplesOf(part.train))!.selections.length, 2);
  const rest = leftOut(data.train as Dataset, chosenBy(part.train, 0));
  assert.equal(bytesOf(rest), bytesOf(data.train).subarray(50 * 784));
});

test('a table’s model remembers both parts that it was not trained on, and eval takes the one it did not choose by', async () => {
  await inFolder(async (cwd) => {
    const rows = Array.from({ length: 150 }, (_, i) => `${i % 7},${(i * 13) % 11},${i % 3}`);
    await writeFile(join(cwd, 't.csv'), ['a,b,kind', ...rows].join('\n'));
    const args = [
      'train',
      'mlp3',
      '--data',
      't.csv',
      '--epochs',
      '2',
      '--seed',
      '5',
      '--keep-best',
    ];
    const run = await lanewise([...args, '--workers', '1', '--no-report'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /on 108 samples of t\.csv/);
    assert.match(
      run.stdout,
      /validation on 12 samples set aside from training \(--keep-best\), test on 30 at the end/,
    );
    assert.match(run.stdout, /epoch {2}2 .* val \d/);
    const [, accuracy] = /\ntest accuracy (\S+)/.exec(run.stdout)!;
    const file = join('runs', 'mlp3-t', 'model.safetensors');
    const { origin } = await loadModel(join(cwd, file));
    assert.equal(
      origin!.selections.map((one) => 'count' in one && one.count),
      [120, 108],
    );
    const [scored] = eventsOf(await lanewise(['eval', file, '--data', 't.csv', '--json'], { cwd }));
    assert.is(scored!['samples'], 30);
    assert.is((Number(scored!['testAccuracy']) * 100).toFixed(2), accuracy);
  });
});

test.run();
