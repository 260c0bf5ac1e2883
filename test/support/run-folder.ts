/** A run's folder as training leaves it: a small net on digits, its log and its evaluation. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplesOf } from '../../src/data/forms.js';
import type { Dataset } from '../../src/data/dataset.js';
import { digits } from '../../src/data/digits/index.js';
import { parameterCount, type Model } from '../../src/layers/index.js';
import { lenet5 } from '../../src/models/lenet5.js';
import { lossTerms } from '../../src/losses/terms.js';
import { momentum } from '../../src/optimizers/index.js';
import type { Weights } from '../../src/crew/session.js';
import type { LoggedEvent } from '../../src/train/events.js';
import { inspectRun } from '../../src/runs/report/inspect-run.js';
import { saveEvaluation } from '../../src/runs/report/write.js';
import { createProbe } from '../../src/look/probe.js';
import { train } from '../../src/train/train.js';
import type { TrainResult } from '../../src/train/result.js';

export interface RunFolderOptions {
  readonly model?: Model;
  readonly lr?: number;
  /** How many rounds of ten steps of 32 samples each; the default stands below. */
  readonly rounds?: number;
  readonly classes?: readonly string[];
  /** Share of time waited for data. */
  readonly waiting?: number;
}

/** Trains and writes; resolves to the last round's result. */
export async function makeRun(
  folder: string,
  { model = lenet5(), lr = 0.05, rounds = 30, classes, waiting = 0.01 }: RunFolderOptions = {},
): Promise<TrainResult> {
  const named = (data: Dataset): Dataset => (classes ? { ...data, classes } : data);
  const test = named(digits({ count: 1000, seed: 1, first: 1_000_000 }));
  const terms = lossTerms('crossEntropy', ['output']);
  const probe = await createProbe(model, terms, samplesOf(named(digits({ count: 32, seed: 1 }))));
  const events: LoggedEvent[] = [
    {
      event: 'start',
      time: '2026-05-04T12:00:00.000Z',
      version: '0.1.0',
      model: 'lenet5',
      parameters: parameterCount(model),
      data: { name: 'digits', samples: rounds * 320 },
      settings: { optimizer: 'momentum', lr, batch: 32, epochs: 3, seed: 1, schedule: 'linear' },
    },
  ];
  let weights: Weights | undefined;
  let result: TrainResult | undefined;
  let step = 0;
  let started = performance.now();
  for (let round = 0; round < rounds; round++) {
    const data = named(digits({ count: 320, seed: 1, first: round * 320 }));
    result = await train(
      model,
      {
        data,
        optimizer: momentum({ lr: lr * (1 - round / rounds) }),
        epochs: 1,
        batch: 32,
        workers: 0,
        numerics: 'strict',
        ...(weights ? { weights } : {}),
        ...((round + 1) % 10 === 0 ? { validation: test } : {}),
      },
      {
        onStep(event) {
          step++;
          events.push({ ...event, step, epoch: 1 + Math.floor(round / 10), waiting });
        },
      },
    );
    weights = result.model.weights;
    const { layers, weights: figures } = probe.measure(weights);
    events.push({ event: 'probe', step, layers, weights: figures });
    if ((round + 1) % 10 === 0) {
      const seconds = (performance.now() - started) / 1000;
      started = performance.now();
      const epoch = (round + 1) / 10;
      events.push({ event: 'epoch', step, seconds, ...result.history[0]!, epoch });
    }
  }
  probe.close();
  await mkdir(folder, { recursive: true });
  events.push({
    event: 'done',
    step,
    seconds: 12.5,
    sha256: await result!.model.sha256(),
    numerics: 'strict',
    interrupted: false,
  });
  await saveEvaluation(folder, await inspectRun(result!.model, test, { workers: 0 }));
  await writeFile(
    join(folder, 'metrics.jsonl'),
    events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  );
  return result!;
}
