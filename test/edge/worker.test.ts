/** examples/edge in the real workerd: the bits of Node, the cost of a request, and refusals of input from outside. */
// slow: an engine of its own
// alone: measures a request’s processor time
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digits } from '../../src/data/digits/index.js';
import type { Dataset } from '../../src/data/dataset.js';
import { subset } from '../../src/data/subset.js';
import { conv2d, flatten, globalAvgPool2d, linear, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { replaceHead } from '../../src/trained/fine-tuning.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { loadProgram } from '../../src/inference/index.js';
import { eventsOf, lanewise } from '../cli/lanewise.js';
import { findEngine } from '../support/engines.js';
import { startWorkerd, type Workerd } from '../support/workerd.js';

const path = findEngine('workerd');
const test = suite('edge worker');

const root = fileURLToPath(new URL('../../../', import.meta.url));
const shape = [1, 28, 28];

/** `each` samples of five classes from `first` on. */
function five(first: number, seed: number, each: number): Dataset {
  const all = digits({ count: each * 12 + 100, seed });
  const left = Array<number>(5).fill(each);
  const isTaken = (i: number) => left[all.labels[i]! - first]!-- > 0;
  const taken = subset(all, [...all.labels.keys()].filter(isTaken));
  const labels = Uint8Array.from(taken.labels, (label) => label - first);
  return { ...taken, classes: all.classes.slice(first, first + 5), labels };
}

/** Answers as the worker does, and does nothing: what workerd itself costs. */
const IDLE = `export default { async fetch(request) {
  const bytes = new Uint8Array(await request.arrayBuffer());
  return Response.json({ classes: ['0'], probabilities: [[...bytes.subarray(0, 5)].map((v) => v + 0.123456789)] });
} }`;

/** The JavaScript heap's limit, in MiB; those 128 hold kernels' memories and code too. */
const HEAP = 64;

async function serve(folder: string, worker: string | undefined, model: Uint8Array) {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await symlink(root, join(folder, 'node_modules/lanewise'));
  const from = (name: string) => join(root, 'examples/edge', name);
  if (worker) await writeFile(join(folder, 'worker.js'), worker);
  else await copyFile(from('worker.js'), join(folder, 'worker.js'));
  const config = await readFile(from('config.capnp'), 'utf8');
  const limited = config.replace(
    '  sockets',
    `  v8Flags = ["--max-old-space-size=${HEAP}"],\n  sockets`,
  );
  await writeFile(join(folder, 'config.capnp'), limited);
  await writeFile(join(folder, 'model.safetensors'), model);
  return startWorkerd(path!, join(folder, 'config.capnp'));
}

let folder: string;
let worker: Workerd;
let idle: Workerd;
let known: TrainedModel;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-edge-'));
  // As the README has it made.
  const script = join(root, 'examples/edge/model.mjs');
  await promisify(execFile)(process.execPath, [script], { cwd: folder });
  const file = await readFile(join(folder, 'model.safetensors'));
  known = decodeModel(file, 'model.safetensors');
  worker = await serve(join(folder, 'worker'), undefined, file);
  idle = await serve(join(folder, 'idle'), IDLE, file);
});

test.after(async () => {
  await worker?.close();
  await idle?.close();
  await rm(folder, { recursive: true, force: true });
});

type Body = NonNullable<RequestInit['body']>;
type Fields = Readonly<Record<string, Uint8Array | string>>;

const post = (to: Workerd, route: string, body: Body) =>
  fetch(to.url + route, { method: 'POST', body });

function formOf(fields: Fields): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    form.set(
      name,
      typeof value === 'string' ? value : new Blob([value as Uint8Array<ArrayBuffer>]),
    );
  return form;
}

interface Answer {
  readonly classes: string[];
  readonly probabilities: number[][];
}

async function predict(body: Body): Promise<Answer> {
  const response = await post(worker, '/predict', body);
  assert.is(response.status, 200, response.ok ? '' : await response.text());
  return (await response.json()) as Answer;
}

async function assertAsInNode(
  { classes, probabilities }: Answer,
  model: TrainedModel,
  samples: Uint8Array,
) {
  const here = await model.predict(samples, shape);
  assert.equal(Float32Array.from(probabilities.flat()), here.scores);
  assert.equal(
    classes,
    [...here.classes].map((label) => model.classes![label]),
  );
}

const one = ({ samples }: Dataset, i: number) =>
  (samples as Uint8Array<ArrayBuffer>).subarray(i * 784, i * 784 + 784);

/** A small file of a model that takes much memory. */
async function tooWide(): Promise<TrainedModel> {
  const layers = [conv2d(1, 8, 1), globalAvgPool2d(), flatten(), linear(8, 5)];
  const net = sequential(layers, { input: [1, 512, 512], mean: 0, deviation: 1 });
  const data = { ...five(0, 7, 1), samples: new Uint8Array(5 * 784) };
  return (await train(net, { data, optimizer: adam({ lr: 0.01 }), epochs: 1, batch: 1 })).model;
}

test('it says what it recognises, and by what', async () => {
  const about = (await (await fetch(worker.url)).json()) as Record<string, unknown>;
  assert.equal(about['classes'], ['0', '1', '2', '3', '4']);
  assert.is(about['numerics'], 'fused');
  assert.is(about['threads'], 'none');
});

test('predictions have the bits of Node, one by one, together and at the same time', async () => {
  const data = five(0, 7, 12);
  const samples = data.samples as Uint8Array<ArrayBuffer>;
  await assertAsInNode(await predict(samples), known, samples);
  const numbers = Array.from({ length: 24 }, (_, i) => i);
  const answers = await Promise.all(numbers.map((i) => predict(one(data, i))));
  for (const i of numbers) await assertAsInNode(answers[i]!, known, one(data, i));
});

test('a prediction takes at most 1 ms of CPU', async () => {
  const data = five(0, 7, 12);
  const costOf = async (to: Workerd) => {
    const before = to.cpuMs();
    for (let i = 0; i < 100; i++) await (await post(to, '/predict', one(data, i % 60))).text();
    return (to.cpuMs() - before) / 100;
  };
  // Compiled and optimised on the way.
  for (const to of [worker, worker, worker, idle]) await costOf(to);
  const costs: number[] = [];
  for (let round = 0; round < 3; round++) costs.push((await costOf(worker)) - (await costOf(idle)));
  assert.ok(Math.min(...costs) <= 1, `${costs.map((ms) => ms.toFixed(2)).join(', ')} ms`);
});

test('a head learns five classes from 100 samples in one request, with the bits of Node', async () => {
  const few = five(5, 2, 20);
  const held = five(5, 3, 100);
  const classes = '5,6,7,8,9';
  const { model, weights } = replaceHead(known, { classes: 5 });
  const fields = { samples: few.samples as Uint8Array, labels: few.labels as Uint8Array, classes };
  const ways = [
    { form: fields, freeze: [...weights.keys()], atLeast: 0.75 },
    { form: { ...fields, freeze: 'c1,c3' }, freeze: ['c1', 'c3'], atLeast: 0.88 },
  ];
  for (const { form, freeze, atLeast } of ways) {
    const before = worker.cpuMs();
    const response = await post(worker, '/tune', formOf(form));
    const cpuMs = worker.cpuMs() - before;
    assert.is(response.status, 200);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const tuned = decodeModel(bytes, 'tuned');
    const { accuracy } = await tuned.evaluate(held);
    assert.ok(accuracy >= atLeast, `accuracy ${accuracy}`);
    assert.ok(cpuMs < 1000, `${cpuMs} ms of CPU`);

    const here = await train(model, {
      data: { ...few, name: 'samples' },
      weights,
      freeze,
      optimizer: adam({ lr: 0.01 }),
      epochs: 20,
      batch: 10,
      numerics: known.numerics,
    });
    assert.is(await tuned.sha256(), await here.model.sha256());

    const samples = one(held, 1);
    for (let i = 0; i < 2; i++)
      await assertAsInNode(await predict(formOf({ model: bytes, samples })), tuned, samples);
  }
});

test('rows of a table have the answers of the command line, the API and a program, to the bit', async () => {
  const cwd = await mkdtemp(join(folder, 'rows-'));
  const line = (i: number) =>
    `${(i * 7) % 11},${'xyz'[i % 3]},2024-0${1 + (i % 9)}-11,${i % 2 ? 'no' : 'yes'}`;
  const lines = Array.from({ length: 80 }, (_, i) =>
    i % 9 ? line(i) : line(i).replace(/^\d+/, ''),
  );
  await writeFile(join(cwd, 't.csv'), ['size,port,at,kind', ...lines].join('\n'));
  const options = ['--epochs', '5', '--numerics', 'strict', '--no-report', '--out', 'run'];
  const run = await lanewise(['train', 'mlp', '--data', 't.csv', ...options], { cwd });
  assert.is(run.code, 0, run.stderr);
  const path = join('run', 'model.safetensors');
  const rows = [
    { size: 4, port: 'y', at: '2024-10-30' },
    { size: null, port: 'z', at: '1999-12-31' },
  ];
  await writeFile(join(cwd, 'new.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const told = await lanewise(['predict', path, 'new.jsonl', '--json'], { cwd });
  const expected = eventsOf(told).map(({ answer }) => answer);
  assert.is(expected.length, 2);
  const bytes = new Uint8Array(await readFile(join(cwd, path)));
  const model = decodeModel(bytes, 'model');
  assert.equal((await model.predict(rows)).answers, expected);
  await lanewise(['export', path, '--inference', '--out', 'program.safetensors'], { cwd });
  const program = await loadProgram(
    new Uint8Array(await readFile(join(cwd, 'program.safetensors'))),
  );
  assert.equal(program.predict(rows).answers, expected);
  const ask = (given: object) =>
    post(worker, '/predict', formOf({ model: bytes, rows: JSON.stringify(given) }));
  const response = await ask(rows);
  assert.is(response.status, 200, response.ok ? '' : await response.clone().text());
  assert.equal(await response.json(), { answers: expected });
  for (const [given, message] of [
    [[{ ...rows[0], port: 'w' }], /rows\[0\], column 'port': 'w' is none of the classes x, y, z/],
    [[{ size: 4 }], /rows\[0\] has no column 'port'/],
    [{ size: [4] }, /the rows are not a list of at most 256/],
    [[], /there are no rows/],
  ] as const) {
    const refused = await ask(given);
    assert.is(refused.status, 400);
    assert.match(((await refused.json()) as { error: string }).error, message);
  }
  const digits = await post(worker, '/predict', formOf({ rows: '[]' }));
  assert.match(((await digits.json()) as { error: string }).error, /takes samples, not rows/);
  const samples = await post(
    worker,
    '/predict',
    formOf({ model: bytes, samples: Uint8Array.of(1) }),
  );
  assert.match(((await samples.json()) as { error: string }).error, /does not classify samples/);
});

test('the caller of the README gets its answers', async () => {
  const script = join(root, 'examples/edge/client.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, worker.url], {
    cwd: folder,
  });
  const [first, second] = stdout.split('\n');
  assert.match(first!, /^a (\d) is recognised as \1$/);
  assert.ok(Number(/^(\d+) of 250/.exec(second!)![1]) >= 220, second);
  const kept = await readFile(join(folder, 'tuned.safetensors'));
  assert.equal(decodeModel(kept, 'tuned').classes, ['5', '6', '7', '8', '9']);
});

test('what does not fit is refused with its reason, and the worker goes on', async () => {
  const { samples, labels } = five(0, 7, 4) as {
    samples: Uint8Array<ArrayBuffer>;
    labels: Uint8Array;
  };
  const first = samples.subarray(0, 784);
  const file = encodeModel(known);
  const cut = file.slice(0, file.length / 2);
  const turned = file.slice();
  turned.fill(0xff, 8, 400);
  const notNumbers = file.slice().fill(0xff, file.length - 4000);
  const wide = encodeModel(await tooWide());
  const all = { samples, labels, classes: '0,1,2,3,4' };
  const cases: [string, Body, RegExp][] = [
    ['/predict', samples.subarray(0, 783), /783 values are not whole samples of shape 1×28×28/],
    ['/predict', new Uint8Array(), /no samples/],
    ['/predict', new Uint8Array(784 * 257), /at most 256 samples/],
    ['/predict', new Uint8Array(2 ** 20 + 1), /a body of 1048577 bytes/],
    ['/predict', formOf({ other: 'x' }), /no field 'samples'/],
    ['/predict', formOf({ samples: first, model: cut }), /'model'/],
    ['/predict', formOf({ samples: first, model: turned }), /'model'/],
    ['/predict', formOf({ samples: first, model: 'none' }), /'model'/],
    ['/predict', formOf({ samples: first, model: wide }), /bytes for a sample, at most/],
    ['/predict', formOf({ samples: first, model: notNumbers }), /NaN/],
    ['/tune', samples, /no field 'classes'/],
    ['/tune', formOf({ ...all, labels: labels.subarray(1) }), /label/],
    ['/tune', formOf({ ...all, labels: Uint8Array.from(labels, (label) => label + 1) }), /label/],
    [
      '/tune',
      formOf({ ...all, classes: '' }),
      /label \d of sample \d+, expected a whole number from 0 to 0/,
    ],
    ['/tune', formOf({ ...all, freeze: 'c9' }), /c9/],
    ['/tune', formOf({ ...all, freeze: '*' }), /./],
  ];
  for (const [route, body, expected] of cases) {
    const response = await post(worker, route, body);
    const text = await response.text();
    assert.is(response.status, 400, `${expected}: ${text}`);
    assert.match((JSON.parse(text) as { error: string }).error, expected);
  }
  assert.is((await fetch(`${worker.url}/predict`)).status, 404);
  assert.ok(worker.isRunning());
  assert.is((await predict(samples)).classes.length, 20);
});

test('its memory stays below 128 MB', async () => {
  const { samples } = five(0, 7, 40) as { samples: Uint8Array<ArrayBuffer> };
  const few = five(5, 2, 20);
  const { samples: ofFew, labels } = few as { samples: Uint8Array; labels: Uint8Array };
  for (const to of [worker, idle]) {
    for (let i = 0; i < 10; i++) {
      await (await post(to, '/predict', samples)).text();
      const form = formOf({ samples: ofFew, labels, classes: '5,6,7,8,9', freeze: 'c1' });
      await (await post(to, '/tune', form)).arrayBuffer();
    }
  }
  const own = worker.peakMiB() - idle.peakMiB();
  assert.ok(own < 128, `${own} MiB more than an idle worker`);
});

if (path) test.run();
else console.log('skipped: no workerd here (npm run engines)');
