/** The command line end to end: train, evaluate, predict, inspect, verify. */
// slow: trains on thousands of digits
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { digits } from '../../src/data/digits/index.js';
import { recipes } from '../../src/models/recipes.js';
import { zooRecipes } from '../../src/models/zoo-recipes.js';
import { decodeModel } from '../../src/trained/model-file.js';
import { EXPECTED_SHA256 } from '../../src/train/verify.js';
import { evalOf, eventsOf, inFolder, lanewise, lanewiseProcess, main } from './lanewise.js';

const quick = [
  'train',
  'lenet5',
  '--data',
  'digits',
  '--limit',
  '1500',
  '--epochs',
  '3',
  '--seed',
  '2',
];

/** A digit as a scan: dark ink on light paper, three pixels for one. */
function scanOf(image: Uint8Array): Buffer {
  const png = new PNG({ width: 28 * 3, height: 28 * 3 });
  for (let i = 0; i < 84 * 84; i++) {
    const [x, y] = [Math.floor((i % 84) / 3), Math.floor(i / 84 / 3)];
    png.data.fill(250 - image[y * 28 + x]! * 0.9, i * 4, i * 4 + 3);
    png.data[i * 4 + 3] = 255;
  }
  return PNG.sync.write(png);
}

test('train --json: events as documented, a model file that evaluates and predicts the same', async () => {
  await inFolder(async (folder) => {
    const out = join(folder, 'deep', 'er');
    const run = await lanewise(
      [...quick, '--limit', '3000', '--workers', '2', '--out', out, '--json'],
      {
        cwd: folder,
      },
    );
    assert.is(run.code, 0, run.stderr);
    const events = eventsOf(run);
    const each = ['epoch', 'checkpoint'];
    assert.equal(
      events.map(({ event }) => event),
      ['start', ...each, ...each, ...each, 'trained', 'eval', 'done'],
    );
    const epoch = events[3]!;
    for (const key of ['epoch', 'loss', 'accuracy', 'valLoss', 'valAccuracy', 'imagesPerSecond']) {
      assert.type(epoch[key], 'number', key);
    }
    const done = events.at(-1)!;
    const tested = evalOf(run);
    assert.ok((tested['testAccuracy'] as number) > 0.85, String(tested['testAccuracy']));
    assert.is(
      Math.round((tested['testError'] as number) * 5000),
      Math.round((1 - (tested['testAccuracy'] as number)) * 5000),
    );
    const settings = events[0]!['settings'] as Record<string, unknown>;
    assert.equal([settings['workers'], settings['shards']], [2, 4]);
    assert.equal([done['file'], done['report']], ['model.safetensors', 'report.html']);
    assert.type(done['seconds'], 'number');
    assert.ok((await readdir(out)).includes('model.safetensors'));

    const file = join(out, 'model.safetensors');
    const trained = decodeModel(await readFile(file), file);
    assert.is(await trained.sha256(), done['sha256']);
    assert.is(trained.numerics, done['numerics']);

    const [scored] = eventsOf(await lanewise(['eval', file, '--data', 'digits', '--json']));
    const { model: _, ...same } = scored!;
    const { model: saved, ...then } = tested;
    assert.is(saved, file);
    assert.equal(then, same, 'the same as eval prints');

    const some = digits({ count: 12, first: 5_000_000 });
    const paths = await Promise.all(
      Array.from(some.labels, async (_, i) => {
        const path = join(folder, `${i}.png`);
        await writeFile(path, scanOf(some.samples.subarray(i * 784, (i + 1) * 784) as Uint8Array));
        return path;
      }),
    );
    const predicted = eventsOf(await lanewise(['predict', file, ...paths, '--json']));
    const hits = predicted.filter((event, i) => event['class'] === some.labels[i]).length;
    assert.ok(hits >= 9, `${hits} of 12 scans`);
    const text = await lanewise(['predict', file, paths[0]!]);
    assert.match(text.stdout, /^file +class +next best\n\S+0\.png +\d +\d+\.\d\d % +\d \d/);
  });
});

test('the hash does not depend on --workers, and does on --seed', async () => {
  await inFolder(async (folder) => {
    const hashOf = async (...args: string[]) => {
      const run = await lanewise([...quick, '--epochs', '1', '--json', ...args], { cwd: folder });
      return eventsOf(run).at(-1)!['sha256'];
    };
    const one = await hashOf('--workers', '1');
    assert.is(await hashOf('--workers', '3'), one);
    assert.is(await hashOf('--workers', '0'), one);
    assert.is.not(await hashOf('--seed', '3'), one);
  });
});

test('without a terminal: plain lines, the confusion matrix, and how to go on', async () => {
  await inFolder(async (folder) => {
    const { stdout, code } = await lanewiseProcess([...quick, '--epochs', '2'], { cwd: folder });
    assert.is(code, 0);
    assert.match(stdout, /^lenet5, 61,706 parameters, on 1,500 samples of digits$/m);
    assert.match(stdout, /^epoch {2}2 {2}loss \d\.\d{4} {2}accuracy .* images\/s$/m);
    assert.match(stdout, /predicted\n/);
    assert.match(stdout, /^most confused: \d taken for \d: \d+/m);
    assert.match(stdout, /^weights sha256 [0-9a-f]{64} \((fused|strict)\)$/m);
    assert.match(stdout, /npx lanewise train lenet5 --data mnist/);
    assert.not.ok(stdout.includes(String.fromCharCode(27)), 'colours without a terminal');
  });
});

test('inspect prints LeNet-5’s 61,706 parameters, its work and its memory', async () => {
  const { stdout } = await lanewise(['inspect', 'lenet5', '--workers', '2']);
  assert.match(stdout, /61,706 parameters/);
  assert.match(stdout, /c1 +conv2d +6×28×28 +156 +239,904/);
  assert.match(stdout, /c3 +conv2d +16×10×10 +2,416 +481,600/);
  assert.match(stdout, /total +61,706 +839,558/);
  assert.match(stdout, /activations of a shard: .* without reuse/);
  const program = await lanewise(['inspect', 'lenet5', '--program']);
  assert.match(
    program.stdout,
    /^ {2}c1 +conv2d\(N=16, C=1, H=32, W=32, O=6, kh=5, kw=5, .*x=batch\+0, w=parameters\+0/m,
  );
  assert.match(program.stdout, /^ {2}c1 gradient +conv2dWeightGradient\(/m);
  assert.not.match(program.stdout, /c1 gradient +conv2dInputGradient/);
});

test('inspect knows every recipe, and its columns fit long names', async () => {
  for (const name of Object.keys(recipes)) {
    const { stdout, code } = await lanewise(['inspect', name, '--workers', '1']);
    assert.is(code, 0, name);
    const lines = stdout.split('\n');
    const table = lines.slice(2, lines.indexOf('', 2));
    assert.is(new Set(table.map((line) => line.length)).size, 1, name);
    assert.ok(
      table.slice(1, -1).every((line) => /^ {2}\S+ +\S+ {2,}\S+ +\S+ +\S+$/.test(line)),
      name,
    );
  }
  const { stdout } = await lanewise(['train', '--help']);
  assert.match(stdout.replace(/\s+/g, ' '), /lenet1, lenet5, lenet5-1998, mlp, .*mlp: 12/);
});

test('inspect knows the nets for photographs, of any size and width, and those of texts', async () => {
  for (const [name, count] of [
    ['resnet18', '11,689,512'],
    ['nin', '966,986'],
    ['charlstm', '98,400'],
    ['gpt', '110,336'],
  ] as const) {
    const { stdout } = await lanewise(['inspect', name, '--batch', '2', '--workers', '1']);
    assert.match(stdout, new RegExp(`^${name}: input [\\d×]+, ${count} parameters`), name);
  }
  for (const name of Object.keys(zooRecipes)) {
    const small = ['--size', '67', '--width', '0.0625', '--batch', '2', '--workers', '1'];
    const { stdout, code } = await lanewise(['inspect', name, ...small]);
    assert.is(code, 0, name);
    assert.match(stdout, /: input 3×67×67/);
  }
});

test('inspect takes a number of classes for the nets for photographs alone', async () => {
  const sizes = ['--size', '64', '--classes', '10', '--batch', '2', '--workers', '1'];
  const { stdout } = await lanewise(['inspect', 'resnet18', ...sizes]);
  // 990 · 513 fewer than for 1000 classes.
  assert.match(stdout, /^resnet18: input 3×64×64, 11,181,642 parameters/);
  const { stderr } = await lanewise(['inspect', 'lenet5', '--classes', '3']);
  assert.match(stderr, /--classes 3 is for the nets for photographs, and the model is lenet5/);
});

test('optimizers and schedules go by their names', async () => {
  await inFolder(async (folder) => {
    const args = ['train', 'mlp3', '--limit', '64', '--epochs', '1', '--json'];
    for (const [optimizer, schedule] of [
      ['adamW', 'cosine'],
      ['lars', 'oneCycle'],
    ] as const) {
      const { stdout, code } = await lanewise(
        [...args, '--optimizer', optimizer, '--schedule', schedule],
        { cwd: folder },
      );
      assert.is(code, 0);
      const { settings } = JSON.parse(stdout.split('\n')[0]!) as {
        settings: Record<'optimizer' | 'schedule', { kind: string }>;
      };
      assert.equal([settings.optimizer.kind, settings.schedule.kind], [optimizer, schedule]);
    }
  });
});

test('the average of a recipe is said, and can be switched off', async () => {
  await inFolder(async (cwd) => {
    const small = ['--data', 'digits', '--limit', '32', '--epochs', '1', '--no-report'];
    const lines = async (...more: string[]) =>
      (await lanewise(['train', 'vgg', ...small, ...more], { cwd })).stdout;
    assert.match(await lines(), /the model is the weights’ average: ema 0\.998/);
    const none = await lines('--average', 'none', '--json');
    assert.is(JSON.parse(none.split('\n')[0]!).settings.average, undefined);
    assert.not.match(none, /ema/);
  });
});

test('verify reproduces the recorded hash', async () => {
  const { stdout, code } = await lanewiseProcess(['verify']);
  assert.is(code, 0);
  assert.match(stdout, new RegExp(`weights {2}sha256 ${EXPECTED_SHA256}`));
  assert.match(stdout, /this machine reproduces Lanewise exactly/);
});

test('Ctrl-C ends the run between steps and saves what there is', async () => {
  await inFolder(async (folder) => {
    const child = spawn(process.execPath, [main, ...quick, '--epochs', '500'], { cwd: folder });
    let stdout = '';
    let interrupted = false;
    child.stdout.on('data', (data) => {
      stdout += data;
      if (!interrupted && /epoch +1/.test(stdout)) interrupted = child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.is(code, 130);
    assert.match(stdout, /stopped after \d+ of 500 epochs/);
    const file = join(folder, 'runs', 'lenet5-digits', 'model.safetensors');
    assert.is((await decodeModel(await readFile(file), file).sha256()).length, 64);
  });
});

test('a reader that stops reading does not cost the run', async () => {
  await inFolder(async (folder) => {
    const child = spawn(process.execPath, [main, ...quick, '--json', '--out', 'run'], {
      cwd: folder,
    });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += data));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.is(code, 0, stderr);
    const files = await readdir(join(folder, 'run'));
    for (const file of ['model.safetensors', 'checkpoint.safetensors', 'report.html'])
      assert.ok(files.includes(file), `${file} is not among ${files.join(', ')}`);
  });
});

test.run();
