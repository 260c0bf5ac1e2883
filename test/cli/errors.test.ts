/** The response to bad input: one message that names it, exit code 1, and no half-written file. */
// slow: trains before some of the errors
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, lanewise } from './lanewise.js';

/** Runs in an empty folder; returns what stderr says. */
async function refusal(args: string[], files: Record<string, string> = {}): Promise<string> {
  return inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { code, stdout, stderr } = await lanewise(args, { cwd: folder });
    assert.is(code, 1, `exit code of ${args.join(' ')}`);
    assert.not.match(stderr, /^\s+at /m, 'a stack trace');
    assert.is(stdout, '');
    const left = (await readdir(folder, { recursive: true })).filter((name) =>
      name.includes('.safetensors'),
    );
    assert.equal(
      left,
      Object.keys(files).filter((name) => name.includes('.safetensors')),
      'files left behind',
    );
    return stderr;
  });
}

test('an unknown model, data set, option or command, with the nearest name', async () => {
  assert.match(
    await refusal(['train', 'lenet55']),
    /unknown model 'lenet55', expected one of lenet1, lenet5, .*\n {2}did you mean 'lenet5'\?/,
  );
  assert.match(
    await refusal(['train', 'mlp', '--data', 'minst']),
    /unknown data set 'minst'.*\n {2}did you mean 'mnist'\?/,
  );
  assert.match(
    await refusal(['train', 'mlp', '--epoch', '3']),
    /unknown option '--epoch'\n\(Did you mean --epochs\?\)/,
  );
  assert.match(
    await refusal(['trian', 'mlp']),
    /unknown command 'trian'\n\(Did you mean train\?\)/,
  );
  assert.match(
    await refusal(['train', 'mlp', '--optimizer', 'adm']),
    /argument 'adm' is invalid. Allowed choices are sgd, momentum, nesterov, adadelta.*\n {2}did you mean 'adam'\?/,
  );
});

test('numbers that cannot be', async () => {
  const batch = await refusal(['train', 'mlp', '--batch', '0']);
  assert.match(
    batch,
    /option '--batch <n>' argument '0' is invalid. Expected a whole number of at least 1/,
  );
  for (const lr of ['nan', '-0.1', '', 'Infinity']) {
    assert.match(
      await refusal(['train', 'mlp', `--lr=${lr}`]),
      new RegExp(
        `option '--lr <rate>' argument '${lr}' is invalid. Expected a number of at least 0`,
      ),
    );
  }
  assert.match(
    await refusal(['train', 'mlp', '--limit', '10', '--batch', '11']),
    /batch is 11, expected a whole number from 1 to 10/,
  );
  assert.match(
    await refusal(['train', 'mlp', '--shards', '65']),
    /shards is 65, expected a whole number from 1 to 64/,
  );
});

test('data that is not there or not what it says', async () => {
  await inFolder(async (folder) => {
    const { code, stderr } = await lanewise(
      ['train', 'mlp', '--data', 'mnist', '--data-dir', folder],
      { cwd: folder },
    );
    assert.is(code, 1);
    assert.match(
      stderr,
      /no 'train-images-idx3-ubyte' \(or 'train-images-idx3-ubyte.gz'\) in .*\n {2}name the folder/,
    );
  });
});

test('an output folder that cannot be written is refused before training', async () => {
  const message = await refusal(['train', 'mlp', '--out', 'taken/run'], { taken: 'a file' });
  assert.match(message, /error: .*'taken\/run'/);
});

test('files that are not model files', async () => {
  assert.match(
    await refusal(['eval', 'no.safetensors']),
    /cannot read model 'no.safetensors': there is no such file/,
  );
  assert.match(
    await refusal(['eval', 'm.safetensors'], { 'm.safetensors': 'short' }),
    /'m.safetensors'/,
  );
});

test('files that are not pictures', async () => {
  await inFolder(async (folder) => {
    const out = join(folder, 'run');
    await mkdir(out);
    const train = ['train', 'mlp', '--limit', '100', '--epochs', '1', '--out', out];
    assert.is((await lanewise(train, { cwd: folder })).code, 0);
    const model = join(out, 'model.safetensors');
    await writeFile(join(folder, 'x.png'), 'hello, I am a text');
    const text = await lanewise(['predict', model, 'x.png'], { cwd: folder });
    assert.is(text.code, 1);
    assert.match(text.stderr, /'x.png' is .*PNG/);
    const missing = await lanewise(['predict', model, 'y.png'], { cwd: folder });
    assert.match(missing.stderr, /cannot read image 'y.png': there is no such file/);
  });
});

test('what would go wrong after training is said before it', async () => {
  await inFolder(async (folder) => {
    await mkdir(join(folder, 'run', 'model.safetensors'), { recursive: true });
    const args = ['train', 'mlp', '--limit', '100', '--epochs', '1', '--out', 'run'];
    const taken = await lanewise(args, { cwd: folder });
    assert.is(taken.code, 1);
    assert.is(taken.stdout, '');
    assert.match(
      taken.stderr,
      /cannot write 'run\/model.safetensors': something other than a file/,
    );
    const large = [
      'train',
      'lenet5',
      '--workers',
      '400',
      '--batch',
      '5000',
      '--shards',
      '1',
      '--limit',
      '5000',
    ];
    const refused = await lanewise([...large, '--out', 'big'], { cwd: folder });
    assert.match(refused.stderr, /this run needs \d+\.\d+ GiB/);
    assert.equal(await readdir(folder), ['run'], 'no folder is made for it');
  });
});

test('a folder of MNIST files without --data mnist is refused, not ignored', async () => {
  assert.match(
    await refusal(['train', 'mlp', '--data-dir', '/tmp']),
    /--data-dir \/tmp goes with --data mnist, .*, and the data is digits\n {2}add --data mnist/,
  );
});

test('a run that blows up in its last step is no success, and leaves no file', async () => {
  await inFolder(async (folder) => {
    const args = [
      'train',
      'mlp',
      '--limit',
      '64',
      '--epochs',
      '1',
      '--lr',
      '3e38',
      '--optimizer',
      'sgd',
      '--json',
    ];
    const { code, stdout, stderr } = await lanewise(args, { cwd: folder });
    assert.is(code, 1);
    assert.not.match(stdout, /null|done/);
    assert.match(stderr, /(loss became|last update made)/);
    assert.not.ok(
      (await readdir(folder, { recursive: true })).some((name) => name.endsWith('.safetensors')),
    );
  });
});

test('inspect takes any batch that fits, and refuses others', async () => {
  assert.match(
    await refusal(['inspect', 'lenet5', '--batch', '3000000000']),
    /a minibatch of 3000000000 in 187500000 shards, expected at most 65536 shards/,
  );
  assert.match(
    await refusal(['inspect', 'lenet5', '--batch', '3000000', '--shards', '4']),
    /this run needs \d+/,
  );
});

test.run();
