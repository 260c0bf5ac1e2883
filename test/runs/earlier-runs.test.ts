/**
 * Runs that commit e4162b8 wrote are read, and resumed to the same bits that it would have reached itself: `golden-e4162b8`
 * holds its folders and, in expected.json, its results. An `ema` whose decay grows is not among the
 * runs: that release had none (see "Bits" in the changelog).
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as lanewise from '../../src/index.js';
import { earlierRuns } from './earlier-runs.js';

const fixtures = fileURLToPath(new URL('../../../test/runs/golden-e4162b8', import.meta.url));

interface Expected {
  readonly sha256: string;
  readonly scores: readonly number[];
  readonly history: readonly { epoch: number; loss: number; valLoss?: number }[];
}
const expected = JSON.parse(await readFile(join(fixtures, 'expected.json'), 'utf8')) as Readonly<
  Record<string, Expected>
>;
const runs = earlierRuns(lanewise);

let scratch = '';
test.before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'lanewise-earlier-'));
});
test.after(() => rm(scratch, { recursive: true, force: true }));

/** The run's folder as it was left, to be written to. */
async function copyOf(name: string, purpose: string): Promise<string> {
  const folder = join(scratch, `${name} ${purpose}`);
  await cp(join(fixtures, name), folder, { recursive: true });
  return folder;
}

async function checkModel(model: lanewise.TrainedModel, name: string): Promise<void> {
  assert.is(await model.sha256(), expected[name]!.sha256, name);
  const { scores } = await model.predict(runs[name]!.samples);
  assert.equal([...scores], expected[name]!.scores, name);
}

async function goOn(name: string, workers: number): Promise<void> {
  const { model, settings, left } = runs[name]!;
  const folder = await copyOf(name, `with ${workers}`);
  const warnings: string[] = [];
  let resumedAt: number | undefined;
  const result = await lanewise.train(
    model,
    { ...settings, workers },
    {
      folder,
      resume: true,
      report: false,
      onWarning: ({ message }) => warnings.push(message),
      onStart: (event) => ({ resumedAt } = event),
    },
  );
  await checkModel(result.model, name);
  const history = result.history.map(({ epoch, loss, valLoss }) => ({
    epoch,
    loss,
    ...(valLoss === undefined ? {} : { valLoss }),
  }));
  assert.equal(history, expected[name]!.history, name);
  assert.equal(warnings, []);
  if (left !== undefined) assert.is(resumedAt, left, name);
  const steps = (await lanewise.readMetrics(join(folder, 'metrics.jsonl'))).flatMap((event) =>
    event.event === 'step' ? [event.step] : [],
  );
  assert.equal(steps, [...new Set(steps)], `${name}: a step of the log comes once`);
}

for (const name of Object.keys(expected)) {
  test(`the run '${name}' goes on to the same bits, figures and predictions`, async () => {
    await goOn(name, 0);
    await goOn(name, 2);
  });

  test(`the log of '${name}' is read, and its report is written`, async () => {
    const folder = await copyOf(name, 'report');
    const events = await lanewise.readMetrics(join(folder, 'metrics.jsonl'));
    const kinds = new Set(events.map(({ event }) => event));
    for (const kind of ['start', 'step', 'epoch', 'checkpoint'] as const)
      assert.ok(kinds.has(kind), `${name} has ${kind}`);
    const page = await readFile(await lanewise.writeReport(folder), 'utf8');
    assert.match(page, name === 'whole' ? expected[name]!.sha256 : 'Loss');
  });

  test(`the checkpoint of '${name}' is a model file`, async () => {
    const loaded = await lanewise.loadModel(join(fixtures, name, 'checkpoint.safetensors'));
    assert.equal(loaded.model.architecture, runs[name]!.model.architecture);
  });
}

test('the model file of a run that is over predicts what it predicted', async () => {
  await checkModel(await lanewise.loadModel(join(fixtures, 'whole', 'model.safetensors')), 'whole');
});

test.run();
