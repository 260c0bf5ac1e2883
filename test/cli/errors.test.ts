/** What a person gets for bad input: one message that names it, exit code 1, and no half-written file. */
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
    await refusal(['train', 'lenet']),
    /unknown model 'lenet', expected one of lenet5, mlp\n {2}did you mean 'lenet5'\?/,
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
    /argument 'adm' is invalid. Allowed choices are sgd, momentum, adam/,
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

test('model files that are none', async () => {
  assert.match(
    await refusal(['eval', 'no.safetensors']),
    /cannot read model 'no.safetensors': there is no such file/,
  );
  assert.match(
    await refusal(['eval', 'm.safetensors'], { 'm.safetensors': 'short' }),
    /'m.safetensors'/,
  );
});

test('pictures that are none', async () => {
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

test.run();
