/** Runs that begin with a file's weights: another head, frozen layers, slower ones, weights of another program. */
// slow: trains small nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backboneOf, startNamed } from '../../src/cli/pretrained.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { readPyTorch } from '../../src/import/index.js';
import { googLeNet, resNet18, vgg11 } from '../../src/models/index.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { loadModel } from '../../src/trained/model-store.js';
import { encodeImage } from '../support/images.js';
import { refusal } from '../support/refusal.js';
import { evalOf, eventsOf, inFolder, lanewise, main, type Outcome } from './lanewise.js';

const quick = ['--epochs', '1', '--numerics', 'strict', '--no-report', '--json'];

/** Three classes of grey pictures of 16×16: bars that lie, stand or cross. */
async function pictures(folder: string, names = ['cross', 'lie', 'stand']): Promise<void> {
  for (const [c, name] of names.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 10; i++) {
      const rgba = new Uint8Array(16 * 16 * 4).fill(255);
      for (let p = 0; p < 256; p++) {
        const [y, x] = [p >> 4, p & 15];
        const isInk = (c !== 1 && x === 3 + i) || (c !== 2 && y === 3 + i);
        rgba.fill(isInk ? 250 : (p * 7 + i) % 40, p * 4, p * 4 + 3);
      }
      await writeFile(
        join(folder, name, `${i}.png`),
        await encodeImage('png', { width: 16, height: 16, rgba }),
      );
    }
  }
}

const done = (outcome: Outcome): string => {
  assert.is(outcome.code, 0, outcome.stderr);
  return eventsOf(outcome).at(-1)!['sha256'] as string;
};

/** A folder with pictures and a small ResNet that was trained on them, whose weights are those of `file`. */
async function withTrained(
  check: (run: (...args: string[]) => Promise<Outcome>, file: string, cwd: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (cwd) => {
    await pictures(join(cwd, 'bars'));
    const run = (...args: string[]) => lanewise(['train', ...args, ...quick], { cwd });
    done(
      await run('resnet18', '--data', 'bars', '--size', '16', '--width', '0.0625', '--out', 'a'),
    );
    await check(run, join('a', 'model.safetensors'), cwd);
  });
}

test('a model file goes on with its classes, in its own order, or gets a new head for others', () =>
  withTrained(async (run, file, cwd) => {
    // Two of its three classes: the head stays, and labels are the model's.
    await pictures(join(cwd, 'two'), ['cross', 'stand']);
    const on = await run('--weights', file, '--data', 'two', '--out', 'b');
    done(on);
    assert.match(on.stderr, /begins with 'a\/model\.safetensors', whose classes are known/);
    const kept = await loadModel(join(cwd, 'b', 'model.safetensors'));
    assert.equal(kept.classes, ['cross', 'lie', 'stand']);
    assert.equal(kept.samples!.shape, [3, 16, 16]);

    await pictures(join(cwd, 'other'), ['a', 'b', 'c']);
    const other = await run(
      '--weights',
      file,
      '--data',
      'other',
      '--freeze',
      'backbone',
      '--out',
      'c',
    );
    done(other);
    assert.match(other.stderr, /with a new head 'fc' for 3 classes/);
    const [first, tuned] = [
      await loadModel(join(cwd, file)),
      await loadModel(join(cwd, 'c/model.safetensors')),
    ];
    assert.equal(tuned.classes, ['a', 'b', 'c']);
    for (const [name, values] of first.weights)
      assert.is(
        tuned.weights.get(name)!.every((value, i) => value === values[i]),
        !name.startsWith('fc.'),
        name,
      );
    // Without --out the run is named after the folder of the file.
    const named = await run('--weights', file, '--data', 'other', '--head', 'fc');
    done(named);
    assert.is(eventsOf(named)[0]!['model'], 'a');
  }));

test('layers but the head learn more slowly, by a factor', () =>
  withTrained(async (run, file, cwd) => {
    const args = ['--weights', file, '--data', 'bars', '--head', 'fc'];
    const slow = await run(...args, '--backbone-lr-factor', '0.1', '--out', 'slow');
    done(slow);
    const [start] = eventsOf(slow) as [{ settings: { optimizer: { groups: unknown[] } } }];
    assert.equal(
      start.settings.optimizer.groups,
      ['conv1', 'bn1', 'layer1', 'layer2', 'layer3', 'layer4'].map((match) => ({
        match,
        lrFactor: 0.1,
      })),
    );
    done(
      await run(
        ...args,
        '--backbone-lr-factor',
        '0',
        '--freeze',
        'running_mean,running_var',
        '--weight-decay',
        '0',
        '--out',
        'still',
      ),
    );
    const [first, still] = [
      await loadModel(join(cwd, file)),
      await loadModel(join(cwd, 'still/model.safetensors')),
    ];
    assert.equal(
      still.weights.get('layer2.0.conv1.weight'),
      first.weights.get('layer2.0.conv1.weight'),
    );
  }));

test('weights of another program go into a model by name, whose head is drawn if it has another shape', () =>
  withTrained(async (run, file, cwd) => {
    const { tensors } = decodeSafetensors(await readFile(join(cwd, file)), file);
    const renamed = new Map([...tensors].map(([name, tensor]) => [`module.${name}`, tensor]));
    await writeFile(join(cwd, 'w.safetensors'), encodeSafetensors(renamed, {}));
    await pictures(join(cwd, 'two'), ['cross', 'stand']);
    const sizes = ['--size', '16', '--width', '0.0625'];
    const of = (...more: string[]) =>
      run('resnet18', '--weights', 'w.safetensors', ...sizes, ...more);
    const fits = await of('--data', 'bars', '--out', 'b');
    done(fits);
    assert.match(fits.stderr, /begins with 'w\.safetensors'\n/);
    const two = await of('--data', 'two', '--freeze', 'backbone', '--out', 'c');
    done(two);
    assert.match(two.stderr, /begins with 'w\.safetensors', with a new head 'fc'/);
    const tuned = await loadModel(join(cwd, 'c/model.safetensors'));
    assert.equal(tuned.weights.get('conv1.weight'), tensors.get('conv1.weight')!.data);
    // torchvision's scale, as its weights need.
    assert.equal(tuned.model.architecture.inputs['input']!.mean, [0.485, 0.456, 0.406]);
    const wrong = await run('nin', '--weights', 'w.safetensors', '--data', 'bars', '--size', '16');
    assert.match(
      wrong.stderr,
      /'w\.safetensors' has no tensor 'mlpconv1\.0\.weight' and .* others of the model/,
    );
    const nameless = await run('--weights', 'w.safetensors', '--data', 'bars');
    assert.match(nameless.stderr, /holds weights alone, and does not say of which model/);
  }));

const golden = fileURLToPath(new URL('../../../test/golden/torch/', import.meta.url));

test('a state dictionary of torchvision begins a run as it is, with a new head for other classes', () =>
  inFolder(async (cwd) => {
    await pictures(join(cwd, 'bars'));
    const weights = join(golden, 'resnet18-small.pt');
    const sizes = ['--size', '32', '--width', String(1 / 64)];
    const more = ['--data', 'bars', '--freeze', 'backbone', '--out', 'a', ...quick];
    const run = await lanewise(['train', 'resnet18', '--weights', weights, ...sizes, ...more], {
      cwd,
    });
    done(run);
    assert.match(run.stderr, /begins with '.*resnet18-small\.pt', with a new head 'fc'\n/);
    const { tensors } = readPyTorch(await readFile(weights));
    const { model, weights: tuned } = await loadModel(join(cwd, 'a/model.safetensors'));
    for (const { name } of model.parameters)
      if (!name.startsWith('fc.')) assert.equal(tuned.get(name), tensors.get(name)!.data, name);
    const { mean, deviation } = model.architecture.inputs['input']!;
    assert.equal(
      [mean, deviation],
      [
        [0.485, 0.456, 0.406],
        [0.229, 0.224, 0.225],
      ],
    );
  }));

test('auxiliary heads that a file lacks, or has for other classes, are drawn, and stay trainable', async () => {
  const net = (classes: number) => googLeNet({ size: 32, width: 1 / 64, classes });
  const five = net(5);
  const weights = await initialWeights(five);
  const fileOf = (keep: (name: string) => boolean) => {
    const tensors = new Map(
      five.parameters
        .filter(({ name }) => keep(name))
        .map(({ name, shape }) => [name, { shape: [...shape], data: weights.get(name)! }]),
    );
    return { path: 'w', bytes: encodeSafetensors(tensors, {}), tensors };
  };
  const isAuxiliary = (name: string) => name.startsWith('aux');
  const whole = startNamed(
    five,
    fileOf(() => true),
    {},
    false,
  );
  assert.equal(whole.notes, ["begins with 'w'"]);
  const bare = startNamed(
    five,
    fileOf((name) => !isAuxiliary(name)),
    {},
    false,
  );
  assert.equal(bare.notes, ["begins with 'w', with a new head 'aux1', 'aux2'"]);
  const other = startNamed(
    net(3),
    fileOf(() => true),
    {},
    false,
  );
  assert.equal(other.notes, ["begins with 'w', with a new head 'fc', 'aux1', 'aux2'"]);
  assert.ok(other.weights.has('inception5b.branch1.conv.weight'));
  assert.not(other.backbone.some((name) => isAuxiliary(name) || name === 'fc'));
  const wide = googLeNet({ size: 32, width: 1 / 32, classes: 5 });
  assert.match(
    await refusal(() =>
      startNamed(
        wide,
        fileOf(() => true),
        {},
        false,
      ),
    ),
    /tensor 'conv1\.conv\.weight' has shape .*\na net of another --size or --width/,
  );
  assert.throws(
    () =>
      startNamed(
        five,
        fileOf((name) => !name.startsWith('conv1.')),
        {},
        false,
      ),
    /'w' has no tensor 'conv1\.conv\.weight'/,
  );
});

test('a run from weights that was killed resumes to the same bits, and refuses other weights', () =>
  withTrained(async (_, file, cwd) => {
    const more = ['--data', 'bars', '--checkpoint-steps', '1', '--head', 'fc', '--batch', '8'];
    const args = (from: string, out: string) => [
      'train',
      '--weights',
      from,
      ...more,
      '--out',
      out,
      '--epochs',
      '3',
      ...quick.slice(2),
    ];
    const whole = done(await lanewise(args(file, 'whole'), { cwd }));
    const child = spawn(process.execPath, [main, ...args(file, 'cut')], { cwd });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
      if (stdout.includes('"checkpoint"')) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => child.on('close', (_, one) => resolve(one)));
    assert.is(signal, 'SIGKILL');
    const again = (from: string) => lanewise([...args(from, 'cut'), '--resume'], { cwd });
    const other = await again('whole/model.safetensors');
    assert.is(other.code, 1);
    assert.match(other.stderr, /weights/);
    assert.is(done(await again(file)), whole);
  }));

test('a text model goes on with another text, in its own vocabulary', () =>
  inFolder(async (cwd) => {
    const text = 'a cat sat on a mat, and a rat ran at it. '.repeat(20);
    await writeFile(join(cwd, 'a.txt'), text);
    await writeFile(join(cwd, 'b.txt'), 'it sat and ran on a mat. '.repeat(20));
    await writeFile(join(cwd, 'c.txt'), 'A Zebra! '.repeat(60));
    const run = (...args: string[]) => lanewise(['train', ...args, ...quick], { cwd });
    done(await run('charrnn', '--data', 'a.txt', '--window', '12', '--out', 'a'));
    const from = ['--weights', join('a', 'model.safetensors')];
    const next = await run(...from, '--data', 'b.txt', '--out', 'b');
    done(next);
    assert.is(evalOf(next)['scored'], 'test');
    const { vocabulary, text: format } = await loadModel(join(cwd, 'b', 'model.safetensors'));
    assert.is(vocabulary!.length, new Set(text).size);
    assert.equal(format, { length: 12 });
    assert.match((await run(...from, '--data', 'c.txt')).stderr, /character "A" at 0 is none/);
  }));

test('what belongs to weights is refused without them, and layers that are none by name', () =>
  withTrained(async (run, file) => {
    for (const [flag, value] of [
      ['--freeze', 'conv1'],
      ['--head', 'fc'],
      ['--backbone-lr-factor', '0.1'],
    ] as const)
      assert.match(
        (await run('lenet5', flag, value)).stderr,
        new RegExp(`${flag} goes with --weights, as drawn weights have nothing to keep`),
      );
    const from = ['--weights', file, '--data', 'bars'];
    assert.match((await run(...from, '--head', 'fd')).stderr, /has no layer 'fd'/);
    assert.match((await run(...from, '--head', 'relu')).stderr, /the head 'relu' is a relu/);
    assert.match(
      (await run(...from, '--head', 'conv1')).stderr,
      /--head conv1: other layers come after it, and do not make 3 classes of it\n {2}its head is 'fc'/,
    );
    assert.match((await run(...from, '--freeze', 'convx')).stderr, /'convx' matches no parameter/);
    assert.match((await run('--weights', 'none.safetensors')).stderr, /none\.safetensors/);
    assert.match(
      (await run(...from, '--freeze', 'backbone', '--backbone-lr-factor', '0.1')).stderr,
      /--freeze backbone keeps what --backbone-lr-factor 0\.1 would move/,
    );
    assert.match(
      (await run('lenet5', ...from)).stderr,
      /leave the model’s name out: the file says which model it is/,
    );
  }));

test('the backbone is everything beside the head, by the shortest names', () => {
  assert.equal(backboneOf(resNet18({ size: 32, width: 1 / 16 }), 'fc'), [
    'conv1',
    'bn1',
    'layer1',
    'layer2',
    'layer3',
    'layer4',
  ]);
  assert.equal(backboneOf(vgg11({ size: 32, width: 1 / 16 }), 'classifier.6'), [
    'features',
    'classifier.0',
    'classifier.3',
  ]);
});

test.run();
