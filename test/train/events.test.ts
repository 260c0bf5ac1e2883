/** One event is one record: yielded, called back, written to the log, read again. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '../../src/data/digits/index.js';
import { mlp } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { readMetrics } from '../../src/runs/metrics-log.js';
import type { Callbacks, EventName, RunEvent } from '../../src/train/events.js';
import { train, trainEvents, type TrainOptions } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const model = mlp({ hidden: 8 });
const settings = {
  data: digits({ count: 100 }),
  validation: digits({ count: 20, first: 1000 }),
  validateEvery: { steps: 3 },
  optimizer: momentum({ lr: 0.05 }),
  schedule: 'linear',
  metrics: ['f1'],
  epochs: 2,
  batch: 20,
  workers: 0,
  numerics: 'strict',
} as const;

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-events-'));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** What `recovery` needs is a thread that dies: see test/runs/faults.test.ts and test/web/fallbacks.test.ts. */
const heard: readonly EventName[] = [
  'start',
  'step',
  'progress',
  'validation',
  'epoch',
  'probe',
  'checkpoint',
  'warning',
  'trained',
  'done',
];

/** Options whose callbacks gather what they are told. */
function listening(events: RunEvent[]): Callbacks {
  const entries = [...heard, 'recovery'].map((name) => [
    `on${name[0]!.toUpperCase()}${name.slice(1)}`,
    (event: RunEvent) => void events.push(event),
  ]);
  return Object.fromEntries(entries) as Callbacks;
}

async function eventsOf(options: TrainOptions): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of trainEvents(model, settings, options)) events.push(event);
  return events;
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test('a callback hears the very record that is yielded, before it is', async () => {
  const called: RunEvent[] = [];
  const yielded = await eventsOf({
    ...listening(called),
    folder: join(folder, 'a'),
    resume: true,
    logEvery: 1,
  });
  assert.ok(yielded.every((event, i) => event === called[i]));
  assert.is(called.length, yielded.length);
  assert.equal([...new Set(yielded.map(({ event }) => event))].toSorted(), heard.toSorted());
});

test('the log has the same records, but for what is only for who watches', async () => {
  const at = join(folder, 'b');
  const events = await eventsOf({ folder: at, logEvery: 1 });
  const written = events.filter(({ event }) => event !== 'progress' && event !== 'trained');
  const lines = (await readFile(join(at, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line) as unknown),
    written.map((event) => plain(event)),
  );
  assert.equal(plain(await readMetrics(join(at, 'metrics.jsonl'))), plain(written));
});

test('a step line of the log is the mean over the samples of its steps', async () => {
  const at = join(folder, 'c');
  const events = await eventsOf({ folder: at, logEvery: 4 });
  const steps = events.filter((event) => event.event === 'step');
  const lines = (await readMetrics(join(at, 'metrics.jsonl'))).filter(
    (event) => event.event === 'step',
  );
  // Lines end with the epoch, too.
  assert.equal(
    lines.map(({ step }) => step),
    [4, 5, 8, 10],
  );
  let from = 0;
  for (const line of lines) {
    const these = steps.slice(from, line.step);
    from = line.step;
    const sum = (of: (step: (typeof these)[number]) => number) =>
      these.reduce((total, step) => total + of(step), 0);
    assert.is(
      line.samples,
      sum(({ samples }) => samples),
    );
    assert.is(line.loss, sum(({ loss, samples }) => loss * samples) / line.samples);
    assert.is(line.accuracy, sum(({ accuracy, samples }) => accuracy! * samples) / line.samples);
    assert.is(line.rate, these.at(-1)!.rate);
  }
});

test('without a folder the events are the same but for what is kept', async () => {
  const kept = await eventsOf({ folder: join(folder, 'd'), name: 'small' });
  const alone = await eventsOf({ name: 'small' });
  const isKept = ({ event }: RunEvent) => ['probe', 'checkpoint'].includes(event);
  const names = (events: RunEvent[]) =>
    events.filter(({ event }) => event !== 'progress').map(({ event }) => event);
  assert.equal(names(alone), names(kept.filter((event) => !isKept(event))));
  const start = alone[0] as Extract<RunEvent, { event: 'start' }>;
  assert.is(start.model, 'small');
  assert.equal(start.data, { name: settings.data.name, samples: 100 });
  assert.equal(start.settings['optimizer'], {
    kind: 'momentum',
    lr: 0.05,
    beta: 0.9,
    weightDecay: 0,
    form: 'sum',
  });
  assert.is(start.settings['epochs'], 2);
  const [done, other] = [alone, kept].map(
    (events) => events.at(-1) as Extract<RunEvent, { event: 'done' }>,
  ) as [Extract<RunEvent, { event: 'done' }>, Extract<RunEvent, { event: 'done' }>];
  assert.is(done.sha256, other.sha256);
  assert.is(done.sha256, await done.result().model.sha256());
  assert.equal([done.file, done.report], [undefined, undefined]);
  assert.equal([other.file, other.report], ['model.safetensors', 'report.html']);
});

test('train resolves to the result of the last event, and a callback that throws ends the run', async () => {
  let last: RunEvent | undefined;
  const result = await train(model, settings, { onDone: (event) => (last = event) });
  assert.is((last as Extract<RunEvent, { event: 'done' }>).result(), result);
  const at = join(folder, 'e');
  const onStep = ({ step }: { readonly step: number }) => {
    if (step === 7) throw new Error('enough');
  };
  await train(model, settings, { folder: at, stepsPerEvent: 1, onStep }).then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'enough'),
  );
  const whole = await train(model, settings, { folder: at, resume: true });
  assert.is(await whole.model.sha256(), await result.model.sha256());
});

test('what needs a folder is refused without one', async () => {
  const refused = (options: TrainOptions) => refusal(() => train(model, settings, options));
  assert.match(await refused({ resume: true }), /^train: resume is given, and no folder$/m);
  for (const options of [
    { fresh: true },
    { checkpoints: {} },
    { logEvery: 5 },
    { test: settings.data },
  ])
    assert.match(
      await refused(options),
      /^train: \w+ is given, and no folder\nsay where the run is kept: folder:/,
    );
  assert.match(
    await refused({ onSteps() {} } as TrainOptions),
    /\(did you mean 'onStep'\?\)|onStep/,
  );
  await train(model, { ...settings, epochs: 1 }, { resume: false, report: false });
});

test.run();
