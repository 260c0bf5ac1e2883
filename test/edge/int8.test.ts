/** examples/edge/int8.js in the real workerd: the bits of Node, and refusals. */
// slow: an engine of its own
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digits } from '../../src/data/digits/index.js';
import { loadQuantized, type InferenceProgram } from '../../src/inference/index.js';
import { findEngine } from '../support/engines.js';
import { startWorkerd, type Workerd } from '../support/workerd.js';

const path = findEngine('workerd');
const test = suite('edge worker in int8');
const root = fileURLToPath(new URL('../../../', import.meta.url));

let folder: string;
let worker: Workerd;
let program: InferenceProgram;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-edge-int8-'));
  const from = (name: string) => join(root, 'examples/edge', name);
  // As the README has it made.
  await promisify(execFile)(process.execPath, [from('model.mjs')], { cwd: folder });
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/lanewise'));
  for (const name of ['int8.js', 'int8.capnp']) await copyFile(from(name), join(folder, name));
  program = await loadQuantized(await readFile(join(folder, 'model.int8.safetensors')));
  worker = await startWorkerd(path!, join(folder, 'int8.capnp'));
});

test.after(async () => {
  await worker?.close();
  await rm(folder, { recursive: true, force: true });
});

const post = (body: Uint8Array<ArrayBuffer>) => fetch(worker.url, { method: 'POST', body });

test('predictions have the bits of Node, one by one and together', async () => {
  const data = digits({ count: 40, seed: 7 });
  const samples = data.samples as Uint8Array<ArrayBuffer>;
  const bodies = [samples, ...[0, 1, 2].map((i) => samples.subarray(i * 784, i * 784 + 784))];
  for (const body of bodies) {
    const here = program.predict(body, [1, 28, 28]);
    const found = (await (await post(body)).json()) as {
      classes: string[];
      probabilities: number[][];
    };
    assert.equal(Float32Array.from(found.probabilities.flat()), here.scores);
    assert.equal(
      found.classes,
      [...here.classes].map((label) => program.classes![label]),
    );
  }
  const about = (await (await fetch(worker.url)).json()) as Record<string, unknown>;
  assert.equal(about['classes'], ['0', '1', '2', '3', '4']);
});

test('it recognises the digits that it knows', async () => {
  const data = digits({ count: 400, seed: 9 });
  const known = [...data.labels.keys()].filter((i) => data.labels[i]! < 5).slice(0, 150);
  const samples = new Uint8Array(known.length * 784);
  known.forEach((i, at) =>
    samples.set((data.samples as Uint8Array).subarray(i * 784, i * 784 + 784), at * 784),
  );
  const { classes } = (await (await post(samples)).json()) as { classes: string[] };
  const right = classes.filter((name, at) => name === String(data.labels[known[at]!])).length;
  assert.ok(right / known.length > 0.9, `${right} of ${known.length}`);
});

test('what is no whole number of samples, or too many, is refused', async () => {
  for (const length of [0, 783, 784 * 257]) {
    const response = await post(new Uint8Array(length));
    assert.is(response.status, 400, String(length));
    assert.match(((await response.json()) as { error: string }).error, /expected 1 to 256 samples/);
  }
});

if (path) test.run();
else console.log('skipped: no workerd here (npm run engines)');
