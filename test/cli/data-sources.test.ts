/**
 * `--data` with a path: folders of images, tables and NumPy's files are trained on and scored by processes; other paths
 * are refused.
 */
// slow: trains on data of every form
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { recipes } from '../../src/models/recipes.js';
import { LanewiseError } from '../../src/base/errors.js';
import { loadModel } from '../../src/trained/model-store.js';
import { zipOf } from '../support/archives.js';
import { loadData, type DataRequest } from '../../src/cli/data-sources.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { labelledSets } from '../../src/cli/task.js';
import { evalOf, eventsOf, inFolder, lanewise } from './lanewise.js';

/** An image of one colour, with a little noise. */
function plain(red: number, green: number, blue: number, seed: number): Buffer {
  const png = new PNG({ width: 12, height: 10 });
  for (let i = 0; i < 120; i++) {
    const noise = (i * 7 + seed * 13) % 20;
    png.data.set([red + noise, green + noise, blue + noise, 255], i * 4);
  }
  return PNG.sync.write(png);
}

const colours = { red: [200, 20, 20], green: [20, 200, 20], 'sky, blue': [20, 20, 200] } as const;

async function writeClasses(folder: string, count: number, names = Object.keys(colours)) {
  for (const name of names) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const [r, g, b] = colours[name as keyof typeof colours];
      await writeFile(join(folder, name, `${i}.png`), plain(r, g, b, i));
    }
  }
}

/** A file of NumPy's. */
function npy(
  descr: string,
  shape: readonly number[],
  values: Uint8Array | Float32Array,
): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }\n`;
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01', 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text), new Uint8Array(values.buffer)]);
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

const quick = ['--epochs', '3', '--seed', '2', '--json', '--workers', '1'];

test('a folder of images: train, eval, predict and export agree on classes, shape and samples', async () => {
  await inFolder(async (cwd) => {
    await writeClasses(join(cwd, 'pictures'), 20);
    const data = ['--data', 'pictures'];
    const args = ['train', 'mlp3', ...data, '--shape', '3x8x8', '--fit', 'pad', ...quick];
    const run = await lanewise(args, { cwd });
    assert.is(run.code, 0, run.stderr);
    const file = join('runs', 'mlp3-pictures', 'model.safetensors');
    const trained = await loadModel(join(cwd, file));
    assert.equal(trained.classes, ['green', 'red', 'sky, blue']);
    assert.equal(trained.samples, { shape: [3, 8, 8], type: 'uint8', fit: 'pad' });
    // A fifth is held out, each class in proportion, and eval finds the same without being told the shape.
    const [scored] = eventsOf(await lanewise(['eval', file, ...data, '--json'], { cwd }));
    assert.is(scored!['samples'], 12);
    assert.is(scored!['testAccuracy'], evalOf(run)['testAccuracy']);
    assert.is(scored!['testAccuracy'], 1);
    assert.equal(
      (scored!['classes'] as { support: number }[]).map(({ support }) => support),
      [4, 4, 4],
    );
    const exported = await lanewise(['export', file, ...data, '--out', 'p.csv'], { cwd });
    assert.is(exported.code, 0, exported.stderr);
    const lines = (await readFile(join(cwd, 'p.csv'), 'utf8')).trim().split('\n');
    assert.is(lines[0], 'file,true,predicted,probability');
    assert.match(lines[12]!, /^"pictures\/sky, blue\/\d+\.png","sky, blue","sky, blue",[\d.]+$/);
    const [, , last] = eventsOf(
      await lanewise(['predict', file, 'pictures', '--json', '--top', '1'], { cwd }),
    );
    assert.is(last!['name'], 'green');
    const probability = (last!['top'] as { score: number }[])[0]!.score;
    const same = lines.find((line) => line.startsWith(String(last!['image'])));
    if (same) assert.is(Number(same.split(',').at(-1)), Number(probability.toPrecision(9)));
  });
});

test('train and val folders are taken as they are, their classes compared by name', async () => {
  await inFolder(async (cwd) => {
    await writeClasses(join(cwd, 'set', 'train'), 6);
    await writeClasses(join(cwd, 'set', 'val'), 2);
    const args = ['train', 'mlp', '--data', 'set', '--shape', '1x8x8', ...quick];
    const run = await lanewise(args, { cwd });
    assert.is(run.code, 0, run.stderr);
    // There is nothing to test on: what is scored is called validation.
    const [start, scored] = [eventsOf(run)[0]!, evalOf(run)];
    assert.is((start['validation'] as { samples: number }).samples, 6);
    assert.type(scored['validationAccuracy'], 'number');
    assert.is(scored['scored'], 'validation');
    assert.not.ok('testAccuracy' in scored);
    const plain = args.filter((word) => word !== '--json');
    const { stdout } = await lanewise([...plain, '--out', 'plain'], { cwd });
    assert.match(stdout, /validation on 6 samples; the data has no test samples/);
    assert.match(stdout, /\nvalidation accuracy/);
    assert.not.match(stdout, /test accuracy|test \d/);
    const model = join('runs', 'mlp-set', 'model.safetensors');
    const text = await lanewise(['eval', model, '--data', 'set'], { cwd });
    assert.match(text.stdout, /on set val, 6 samples\nvalidation samples, by which a run may have/);
    await writeClasses(join(cwd, 'odd', 'train'), 2, ['red', 'green']);
    await writeClasses(join(cwd, 'odd', 'test'), 2, ['red', 'sky, blue']);
    const refused = await lanewise(['train', 'mlp', '--data', 'odd', ...quick], { cwd });
    assert.is(refused.code, 1);
    assert.match(
      refused.stderr,
      /'odd test' has 2 samples of classes that data set 'odd train' does not know: 'sky, blue'; .* has besides: 'green'/,
    );
    // The classes of the model are not those of the data.
    const other = await lanewise(['eval', model, '--data', 'digits'], { cwd });
    assert.is(other.code, 1);
    assert.match(other.stderr, /samples of classes that the model does not know: '0', '1'/);
  });
});

test('val beside train and test is what a run is scored on as it goes; test is looked at once', async () => {
  await inFolder(async (cwd) => {
    const sizes = { train: 6, val: 3, test: 2 };
    for (const [part, count] of Object.entries(sizes))
      await writeClasses(join(cwd, 'set', part), count);
    await writeClasses(join(cwd, 'set', 'spare'), 1);
    const args = ['train', 'mlp', '--data', 'set', '--shape', '1x8x8', ...quick];
    const outcome = await lanewise([...args, '--out', 'j'], { cwd });
    const events = eventsOf(outcome);
    const [start] = events as Record<string, { samples: number }>[];
    const tested = evalOf(outcome);
    assert.equal(
      [start!['data']!.samples, start!['validation']!.samples, tested['samples']],
      [18, 9, 6],
    );
    assert.type(tested['testAccuracy'], 'number');
    const { stdout, stderr } = await lanewise(
      args.filter((word) => word !== '--json'),
      { cwd },
    );
    assert.match(stderr, /not used, as 'set' has a folder 'train': spare/);
    assert.match(stdout, /validation on 9 samples, test on 6 at the end/);
    assert.match(stdout, /epoch {2}3 .* val \d/);
    assert.match(stdout, /\ntest accuracy/);
    const data = await lanewise(['data', 'set', '--shape', '1x8x8'], { cwd });
    assert.match(data.stdout, /set: 18 training, 9 validation and 6 test samples of 1×8×8/);
    assert.match(data.stdout, /class +training +validation +test\n +green +6 +3 +2\n/);
    // Two folders for one part are not chosen between.
    await writeClasses(join(cwd, 'set', 'Valid'), 1);
    assert.match(
      await refusal(loadData(join(cwd, 'set'))),
      /set' has folders '(Valid|val)' and '(Valid|val)', expected one of the validation samples/,
    );
  });
});

test('numbers in y are predicted for rows in x', async () => {
  await inFolder(async (cwd) => {
    const path = join(cwd, 'a.npz');
    const load = async (y: Float32Array | Uint8Array, request: DataRequest = {}) => {
      const dtype = y instanceof Uint8Array ? '|u1' : '<f4';
      const count = 40;
      const shape = y.length === count ? [count] : [count, y.length / count];
      const x = npy('<f4', [count, 2], new Float32Array(count * 2));
      await writeFile(path, zipOf({ 'x.npy': x, 'y.npy': npy(dtype, shape, y) }));
      return loadData(path, request);
    };
    const fractions = await load(Float32Array.from({ length: 80 }, (_, i) => i / 7));
    assert.is(fractions.task?.kind, 'values');
    assert.match(fractions.task!.said!, /holds numbers: regression/);
    const train = fractions.train as TensorDataset;
    assert.equal(train.targets['output']!.shape, [2]);
    assert.equal(
      train.table!.targets!.map(({ name }) => name),
      ['y0', 'y1'],
    );
    const marks = Uint8Array.from({ length: 40 }, (_, i) => i % 5);
    assert.is((await load(marks)).task, undefined);
    assert.is((await load(marks, { task: 'values' })).task?.kind, 'values');
    const quantities = Uint8Array.from({ length: 40 }, (_, i) => 6 * i);
    assert.is((await load(quantities)).task?.kind, 'values');
    assert.is((await load(quantities, { task: 'classes' })).task, undefined);
  });
});

test('arrays x_val and y_val are validation samples, or what there is to score on', async () => {
  await inFolder(async (cwd) => {
    const arrays = (part: string, count: number) => ({
      [`x_${part}.npy`]: npy('<f4', [count, 2], new Float32Array(count * 2)),
      [`y_${part}.npy`]: npy(
        '|u1',
        [count],
        Uint8Array.from({ length: count }, (_, i) => i % 2),
      ),
    });
    const sizes = async (files: Record<string, Uint8Array>) => {
      const path = join(cwd, 'a.npz');
      await writeFile(path, zipOf(files));
      const { train, validation, test } = labelledSets(await loadData(path), 'the test');
      return [train, validation, test].map((part) => part?.labels.length);
    };
    const [train, val, tests] = [arrays('train', 10), arrays('val', 6), arrays('test', 4)];
    assert.equal(await sizes({ ...train, ...val, ...tests }), [10, 6, 4]);
    assert.equal(await sizes({ ...train, ...tests }), [10, undefined, 4]);
    assert.equal(await sizes({ ...train, ...val }), [10, 6, 6]);
    assert.equal(await sizes(train), [8, undefined, 2]);
  });
});

test('tables: classes by name or number, rows as images, and targets that are numbers', async () => {
  await inFolder(async (cwd) => {
    const rows = Array.from({ length: 60 }, (_, i) => [i % 3, (i % 3) * 2 - 1, (i % 7) / 10]);
    const table = (targets: readonly (string | number)[]) =>
      ['kind,a,b', ...rows.map(([k, a, b]) => `${targets[k!]},${a},${b}`)].join('\n');
    await writeFile(join(cwd, 'names.csv'), table(['"x, y"', 'b', 'c']));
    await writeFile(join(cwd, 'values.csv'), table([0.5, 1, 2]));
    const args = ['train', 'mlp3', '--data', 'names.csv', '--target', 'kind', ...quick];
    const run = await lanewise([...args, '--epochs', '20'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.is(evalOf(run)['testAccuracy'], 1);
    const model = join('runs', 'mlp3-names', 'model.safetensors');
    const score = ['eval', model, '--data', 'names.csv', '--target', '0', '--json'];
    assert.is(eventsOf(await lanewise(score, { cwd }))[0]!['testAccuracy'], 1);
    assert.equal((await loadModel(join(cwd, model))).classes, ['b', 'c', 'x, y']);
    const image = await lanewise(['predict', model, 'a.png'], { cwd });
    assert.is(image.code, 1);
    assert.match(image.stderr, /'a\.png' holds no rows, and the model takes rows of a table/);
    const values = await lanewise(
      ['train', 'mlp', '--data', 'values.csv', '--target', 'kind', ...quick],
      { cwd },
    );
    assert.is(values.code, 0, values.stderr);
    assert.match(values.stderr, /kind holds numbers: regression; --task classes makes a class/);
    // Without a header the first row would be taken for one, and lost.
    await writeFile(join(cwd, 'bare.csv'), rows.map((row) => row.join(',')).join('\n'));
    const bare = await lanewise(['data', 'bare.csv', '--target', '0'], { cwd });
    assert.is(bare.code, 1);
    assert.match(bare.stderr, /first line should name the columns, .*\n.*--no-header/);
    const told = await lanewise(['data', 'bare.csv', '--target', '0', '--no-header'], { cwd });
    assert.match(told.stdout, /48 training and 12 test samples/);
    const named = await lanewise(['data', 'bare.csv', '--target', '0', '--header'], { cwd });
    assert.match(named.stderr, /two columns '0'/);
    const pixels = rows.map(([k]) => [
      k,
      ...Array.from({ length: 4 }, (_, p) => (p === k ? 250 : 9)),
    ]);
    await writeFile(join(cwd, 'pixels.csv'), pixels.map((row) => row.join(',')).join('\n'));
    const shaped = ['--data', 'pixels.csv', '--no-header', '--target', '0', '--shape', '1x2x2'];
    const trained = await lanewise(['train', 'mlp3', ...shaped, ...quick, '--out', 'o'], { cwd });
    assert.is(trained.code, 0, trained.stderr);
    assert.equal((await loadModel(join(cwd, 'o', 'model.safetensors'))).samples, {
      shape: [1, 2, 2],
      type: 'uint8',
    });
  });
});

test('images of an odd range, or much smaller than the net takes, are said, and scaled by their own values', async () => {
  await inFolder(async (cwd) => {
    /** Images of two classes, of values up to `most`. */
    const write = (side: number, most: number) =>
      writeFile(
        join(cwd, 'odd.csv'),
        Array.from({ length: 40 }, (_, i) =>
          [
            i % 2,
            ...Array.from({ length: side ** 2 }, (_, p) => (p % 2 === i % 2 ? most : 0)),
          ].join(),
        ).join('\n'),
      );
    const train = async (name: string, side: number) => {
      const shape = ['--shape', `1x${side}x${side}`, '--no-header', '--target', '0'];
      const run = await lanewise(
        ['train', name, '--data', 'odd.csv', ...shape, ...quick, '--out', 'o', '--fresh'],
        { cwd },
      );
      assert.is(run.code, 0, run.stderr);
      const { model } = await loadModel(join(cwd, 'o', 'model.safetensors'));
      const [input] = Object.values(model.architecture.inputs);
      return { notes: run.stderr.match(/(?<=note: ).*/g) ?? [], mean: input!.mean };
    };
    const scaled =
      'values 0…16 of bytes: scaled by their own mean and deviation, which the model keeps';
    await write(8, 16);
    assert.equal(await train('lenet1', 8), {
      notes: [
        scaled,
        'samples of 8×8 are framed to the 28×28 that lenet1 takes; it learns more from images enlarged to that size, in the file or by transforms.resize',
      ],
      mean: 8 / 255,
    });
    assert.equal((await train('mlp', 8)).notes, [scaled]);
    await write(28, 16);
    assert.equal(await train('lenet1', 28), { notes: [scaled], mean: 8 / 255 });
    await write(28, 255);
    assert.equal(await train('lenet1', 28), { notes: [], mean: 0.1 / 1.275 });
  });
});

test('NPZ files with x and y', async () => {
  await inFolder(async (cwd) => {
    const golden = new URL('../../../test/golden/npy.json', import.meta.url);
    const { npz } = JSON.parse(await readFile(fileURLToPath(golden), 'utf8')) as {
      npz: { stored: string };
    };
    await writeFile(join(cwd, 'few.npz'), Buffer.from(npz.stored, 'base64'));
    const run = await lanewise(['train', 'mlp', '--data', 'few.npz', ...quick], { cwd });
    assert.is(run.code, 0, run.stderr);
    const { samples } = await loadModel(join(cwd, 'runs', 'mlp-few', 'model.safetensors'));
    assert.equal(samples, { shape: [1, 3, 3], type: 'uint8' });
    await writeFile(join(cwd, 'cut.npz'), Buffer.from(npz.stored, 'base64').subarray(0, 60));
    const cut = await lanewise(['train', 'mlp', '--data', 'cut.npz', ...quick], { cwd });
    assert.is(cut.code, 1);
    assert.match(cut.stderr, /'cut\.npz': not a whole ZIP archive/);
  });
});

test('what is no data set is refused', async () => {
  await inFolder(async (cwd) => {
    await mkdir(join(cwd, 'empty'));
    await writeFile(join(cwd, 'x.doc'), 'hello');
    for (const [args, message] of [
      [
        ['mnits'],
        /unknown data set 'mnits', expected one of .*mnist.*\n {2}did you mean 'mnist'\?/,
      ],
      [['x.doc'], /'x\.doc' is not a data set, expected a CSV/],
      [['empty'], /'empty' has no folders, expected one for each class; found nothing/],
      [['empty', '--shape', '3x8'], /Expected channels x height x width, such as 3x32x32/],
      [['empty', '--shape', '2x8x8'], /2×8×8, expected 1 channel \(grey\) or 3/],
      [['empty', '--holdout', '1'], /Expected a number between 0 and 1/],
      [['empty', '--data-dir', '.'], /--data-dir \. goes with --data mnist/],
    ] as const) {
      const { code, stderr } = await lanewise(['train', 'mlp', '--data', ...args], { cwd });
      assert.is(code, 1, args.join(' '));
      assert.match(stderr, message);
    }
  });
});

test('recipes are built for the data, or say what they take', () => {
  for (const [name, { create }] of Object.entries(recipes)) {
    const usual = JSON.stringify(create().architecture);
    assert.is(
      JSON.stringify(create({ shape: [1, 28, 28], classes: 10 }).architecture),
      usual,
      name,
    );
    if (name === 'lenet5-1998') continue;
    const images = { shape: [3, 24, 20], classes: 7, mean: 0.4, deviation: 0.2 } as const;
    const { outputs, architecture } = create(images);
    assert.equal([...outputs.values()], [[7]], name);
    const input = Object.values(architecture.inputs)[0]!;
    assert.equal([input.shape[0], input.mean, input.deviation], [3, 0.4, 0.2], name);
  }
  for (const [name, shape, message] of [
    ['lenet5', [1, 33, 28], 'lenet5 takes images of at most 32×32, found 1×33×28'],
    ['lenet1', [1, 28, 29], 'lenet1 takes images of at most 28×28, found 1×28×29'],
    [
      'lenet5-1998',
      [3, 28, 28],
      'lenet5-1998 takes images of 1 channel in 10 classes, found 3 in 10',
    ],
  ] as const) {
    try {
      recipes[name]!.create({ shape, classes: 10 });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.is((error as Error).message, message);
    }
  }
});

test('a folder of images from memory and streamed, as --max-memory says: the same weights', async () => {
  await inFolder(async (cwd) => {
    await writeClasses(join(cwd, 'pictures'), 20);
    const run = async (...more: string[]) => {
      const args = ['train', 'mlp3', '--data', 'pictures', '--shape', '3x8x8', '--no-report'];
      const result = await lanewise([...args, '--out', `run${more.join('')}`, ...quick, ...more], {
        cwd,
      });
      assert.is(result.code, 0, result.stderr);
      return [eventsOf(result).at(-1)!['sha256'], result.stderr] as const;
    };
    const [loaded, said] = await run();
    assert.match(said, /reading the 48 samples of pictures train\n/);
    // 60 samples of 192 bytes, twice: 23,040 bytes.
    const [atLimit] = await run('--max-memory', '22.5KiB', '--decoders', '1');
    const [streamed, saidThen] = await run('--max-memory', '22KiB', '--decoders', '0');
    assert.not.match(saidThen, /reading/);
    assert.equal([atLimit, streamed], [loaded, loaded]);
    for (const [option, value] of [
      ['--max-memory', '256'],
      ['--max-memory', '0MiB'],
      ['--decoders', 'two'],
    ] as const) {
      const refused = await lanewise(['train', 'mlp3', '--data', 'pictures', option, value], {
        cwd,
      });
      assert.is(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`${option}.*'${value}' is invalid`));
    }
    const refused = await lanewise(['train', 'mlp3', '--data', 'pictures', '--decoders', '65'], {
      cwd,
    });
    assert.match(refused.stderr, /decoders is 65, expected a whole number from 0 to 64/);
  });
});

test.run();
