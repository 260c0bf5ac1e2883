/** `lanewise predict` and `export`: files, folders, standard input; tables, JSON, CSV; what cannot be read. */
// slow: scores thousands of digits
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, readdir, readFile, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { digits } from '../../src/data/digits/index.js';
import { loadProgram } from '../../src/inference/index.js';
import { loadModel } from '../../src/trained/model-store.js';
import { eventsOf, inFolder, lanewise, lanewiseProcess } from './lanewise.js';

let run = '';
let model = '';

test.before(async () => {
  run = await mkdtemp(join(tmpdir(), 'lanewise-predict-'));
  const args = ['train', 'mlp', '--limit', '200', '--epochs', '1', '--out', 'run'];
  const { code, stderr } = await lanewise(args, { cwd: run });
  assert.is(code, 0, stderr);
  model = join(run, 'run', 'model.safetensors');
});

test.after(() => rm(run, { recursive: true }));

const some = digits({ count: 6, first: 7_000_000 });
const pixels = (i: number) => some.samples.subarray(i * 784, (i + 1) * 784) as Uint8Array;

function pngOf(grey: Uint8Array): Buffer {
  const png = new PNG({ width: 28, height: 28 });
  grey.forEach((value, i) => png.data.set([value, value, value, 255], i * 4));
  return PNG.sync.write(png);
}

/** Six digits: two beside each other, four in folders below. */
async function writeImages(folder: string): Promise<string[]> {
  const paths = ['a.png', 'b.PNG', 'in/c, d.png', 'in/deep/e.png', 'in/deep/f.png', 'z/g.png'];
  for (const [i, path] of paths.entries()) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), pngOf(pixels(i)));
  }
  await writeFile(join(folder, 'in', 'notes.txt'), 'no image');
  return paths;
}

test('folders are walked in order; what comes out is what the model says', async () => {
  await inFolder(async (folder) => {
    const paths = await writeImages(join(folder, 'images'));
    const result = await lanewise(['predict', model, 'images', '--json'], { cwd: folder });
    assert.is(result.code, 0, result.stderr);
    const events = eventsOf(result);
    assert.equal(
      events.map(({ image }) => image),
      paths.map((path) => join('images', path)),
    );
    const { scores, classes } = await (await loadModel(model)).predict(some.samples, some.shape);
    assert.equal(
      events.map((event) => event['class']),
      [...classes],
    );
    assert.equal(
      events.flatMap((event) => event['scores']),
      [...scores],
    );
    const [first] = events;
    assert.is((first!['top'] as unknown[]).length, 3);
    assert.is(first!['name'], String(first!['class']));
  });
});

test('standard input is an image, or paths one a line', async () => {
  await inFolder(async (folder) => {
    await writeImages(folder);
    const [image] = eventsOf(
      await lanewiseProcess(['predict', model, '-', '--json'], {
        cwd: folder,
        input: pngOf(pixels(3)),
      }),
    );
    assert.is(image!['image'], '-');
    const listed = await lanewiseProcess(['predict', model, '-', '--json', '--top', '1'], {
      cwd: folder,
      input: 'in/deep/e.png\r\n\nz\nb.PNG',
    });
    const events = eventsOf(listed);
    assert.equal(
      events.map((event) => event['image']),
      ['in/deep/e.png', join('z', 'g.png'), 'b.PNG'],
    );
    assert.equal(events[0]!['scores'], image!['scores']);
    assert.is((events[0]!['top'] as unknown[]).length, 1);
    const empty = await lanewiseProcess(['predict', model, '-'], { cwd: folder, input: '' });
    assert.is(empty.code, 1);
    assert.match(empty.stderr, /error: standard input is empty/);
    const noise = await lanewiseProcess(['predict', model, '-'], {
      cwd: folder,
      input: 'x'.repeat(9000),
    });
    assert.is(noise.code, 1);
    assert.match(noise.stderr, /line of more than 4096 characters: it is neither an image nor/);
  });
});

test('what cannot be read is named, the others are done, and the exit code is 1', async () => {
  await inFolder(async (folder) => {
    await writeImages(folder);
    await writeFile(join(folder, 'cut.png'), pngOf(pixels(0)).subarray(0, 90));
    await writeFile(join(folder, 'text.jpg'), 'hello');
    await mkdir(join(folder, 'empty'));
    const args = ['a.png', 'cut.png', 'gone.png', 'text.jpg', 'empty', 'z'];
    const table = await lanewise(['predict', model, ...args], { cwd: folder });
    assert.is(table.code, 1);
    assert.equal(
      table.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
      ['file', 'a.png', join('z', 'g.png')],
    );
    for (const message of [
      /error: 'cut\.png' is a damaged PNG image: it is cut short/,
      /error: cannot read image 'gone\.png': there is no such file/,
      /error: 'text\.jpg' is no PNG, JPEG or WebP image/,
      /error: folder 'empty' holds no images \(\.png, \.jpg, \.jpeg, \.webp\)/,
      /^4 of 6 images could not be read$/m,
    ]) {
      assert.match(table.stderr, message);
    }
    const events = eventsOf(await lanewise(['predict', model, ...args, '--json'], { cwd: folder }));
    assert.equal(
      events.map(({ event }) => event),
      ['predict', 'error', 'error', 'error', 'error', 'predict'],
    );
  });
});

test('--csv writes a table that is there whole or not at all', async () => {
  await inFolder(async (folder) => {
    await writeImages(join(folder, 'images'));
    const args = ['predict', model, 'images', '--csv', 'out.csv', '--top', '2'];
    const { stdout } = await lanewise(args, { cwd: folder });
    assert.is(stdout, 'wrote 6 predictions to out.csv\n');
    const lines = (await readFile(join(folder, 'out.csv'), 'utf8')).trim().split('\n');
    assert.is(lines.length, 7);
    assert.is(lines[0], 'file,class,score,class2,score2');
    assert.match(lines[3]!, /^"images\/in\/c, d\.png",\d,[\d.]+,\d,-?[\d.]+$/);
    const refused = await lanewise(['predict', model, 'images', '--csv', 'no/out.csv'], {
      cwd: folder,
    });
    assert.is(refused.code, 1);
    assert.match(refused.stderr, /cannot write 'no\/out\.csv': there is no such folder/);
    assert.equal((await readdir(folder)).toSorted(), ['images', 'out.csv']);
  });
});

test('export writes what eval counts, and ensembles go by their files', async () => {
  await inFolder(async (folder) => {
    const [scored] = eventsOf(await lanewise(['eval', model, '--json']));
    const args = ['export', model, '--out', 'p.csv', '--scores'];
    const { stdout, code } = await lanewise(args, { cwd: folder });
    assert.is(code, 0);
    assert.match(stdout, /^wrote 5,000 predictions to p\.csv, \d\d\.\d\d % right$/m);
    const lines = (await readFile(join(folder, 'p.csv'), 'utf8')).trim().split('\n');
    assert.is(lines[0], 'sample,true,predicted,score,0,1,2,3,4,5,6,7,8,9');
    const rows = lines.slice(1).map((line) => line.split(','));
    assert.is(rows.length, 5000);
    assert.is(
      rows.filter(([, truth, predicted]) => truth === predicted).length / 5000,
      scored!['testAccuracy'],
    );
    for (const row of rows.slice(0, 50)) {
      assert.is(row[3], row[4 + Number(row[2])]);
      assert.is(Math.max(...row.slice(4).map(Number)), Number(row[3]));
    }
    const [both] = eventsOf(await lanewise(['eval', model, model, '--json']));
    assert.equal(both!['models'], [model, model]);
    assert.is(both!['testAccuracy'], scored!['testAccuracy']);
    assert.equal(both!['confusion'], scored!['confusion']);
    const text = await lanewise(['eval', model, model]);
    assert.match(text.stdout, /^ensemble of 2 models on digits .*, 5000 samples$/m);
    assert.match(text.stdout, /^class +precision +recall +F1 +samples$/m);
    const macro = scored!['macro'] as { readonly f1: number };
    assert.match(text.stdout, new RegExp(`^mean .* ${(macro.f1 * 100).toFixed(2)} % +5,000$`, 'm'));
  });
});

test('export --inference writes a program that scores as predict does; of one model', async () => {
  await inFolder(async (folder) => {
    const args = ['export', model, '--inference', '--batch', '4', '-o', 'p.safetensors'];
    const { stdout, code, stderr } = await lanewise(args, { cwd: folder });
    assert.is(code, 0, stderr);
    assert.match(
      stdout,
      /^wrote .*model\.safetensors as a program to p\.safetensors, [\d.]+ KiB$/m,
    );
    const program = await loadProgram(await readFile(join(folder, 'p.safetensors')));
    assert.equal(
      program.predict(some.samples as Uint8Array),
      await (await loadModel(model)).predict(some.samples),
    );
    assert.equal(program.classes, some.classes);
    const both = await lanewise(['export', model, model, '--inference', '-o', 'p'], {
      cwd: folder,
    });
    assert.is(both.code, 1);
    assert.match(both.stderr, /2 models are given, and a program is made of one/);
  });
});

test.run();
