/** Large runs: their memory is touched before the first step, and one that does not fit says what does. */
// slow: plans large nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSession } from '../../src/crew/session.js';
import type { Dataset } from '../../src/data/dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { columnsOf } from '../../src/feed/columns.js';
import { flatten, linear, sequential, type Model } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { vgg16 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { planRun } from '../../src/step/run-plan.js';
import { refusal } from '../support/refusal.js';

function zeros({ architecture, outputs }: Model, count: number): Dataset {
  const { shape } = architecture.inputs['input']!;
  const classes = [...outputs.values()][0]![0]!;
  return {
    name: 'zeros',
    shape: shape as Dataset['shape'],
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    samples: new Uint8Array(count * shape.reduce((a, b) => a * b)),
    labels: new Uint8Array(count),
  };
}

test('touching takes the pages of a large run, changes nothing, and leaves small runs alone', async () => {
  const touched = async (features: number) => {
    const model = sequential([flatten(), linear(1024, features)], { input: [1, 32, 32] });
    const session = await createSession({
      model,
      terms: lossTerms('crossEntropy', ['output']),
      numerics: 'strict',
      workers: 0,
      datasets: [samplesOf(zeros(model, 2))],
      training: { optimizer: momentum({ lr: 0.1 }), batch: 2, shards: 1 },
    });
    try {
      session.initialize(1);
      session.viewState().forEach((values) => values.fill(0.25, 0, 9));
      const weights = session.readWeights();
      const before = process.memoryUsage.rss();
      await session.touch();
      const bytes = process.memoryUsage.rss() - before;
      assert.equal([...session.viewWeights()], [...weights]);
      for (const values of session.viewState().values())
        assert.is(
          values.reduce((a, b) => a + b),
          9 * 0.25,
        );
      return bytes;
    } finally {
      await session.close();
    }
  };
  // 80 MB of state.
  assert.ok((await touched(20_000)) > 60e6);
  assert.ok((await touched(100)) < 30e6);
});

test('a run that does not fit names the largest batch, shards and workers that do', async () => {
  const model = vgg16({ size: 64 });
  const [data, optimizer] = [zeros(model, 4096), momentum({ lr: 0.1 })];
  const settings = { data, optimizer, epochs: 1, batch: 4096, shards: 4, workers: 2 };
  const [message, hint] = (await refusal(() => train(model, settings))).split('\n');
  assert.match(
    message!,
    /^this run needs \d+\.\d+ GiB \(.*\), WebAssembly addresses at most 4 GiB/,
  );
  assert.not.match(message!, /0\.00 GiB/);
  const ways = /^use a smaller batch \((\d+) fits\), or more shards \((\d+) fit\)$/.exec(hint!);
  assert.ok(ways, hint);
  const [batch, shards] = ways!.slice(1).map(Number) as [number, number];
  const terms = lossTerms('crossEntropy', [...model.outputs.keys()]);
  const datasets = [columnsOf(model, terms, samplesOf(data))];
  const plan = (training: { readonly batch: number; readonly shards: number }) =>
    planRun({
      model,
      terms,
      numerics: 'strict',
      workers: 2,
      datasets,
      training: { optimizer, ...training },
    });
  const cut = (size: number) => ({ batch: size, shards: Math.ceil((size * 4) / 4096) });
  assert.ok(plan(cut(batch)).memory.bytes <= 2 ** 32);
  assert.ok(plan({ batch: 4096, shards }).memory.bytes <= 2 ** 32);
  await refusal(() => plan(cut(batch + 1)));
  await refusal(() => plan({ batch: 4096, shards: shards / 2 }));
});

test.run();
