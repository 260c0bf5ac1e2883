/** `lanewise generate`: the text is a function of file, prompt and options, and other models are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { textWindows } from '../../src/data/text.js';
import { charLstm, lenet1 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { generate } from '../../src/trained/generate.js';
import { encodeModel } from '../../src/trained/model-file.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { eventsOf, inFolder, lanewise } from './lanewise.js';

const data = textWindows('the cat sat on the mat. the rat sat on the cat. '.repeat(2), {
  length: 8,
});
const model = charLstm({
  vocabulary: data.vocabulary!.length,
  length: 8,
  hiddenSize: 8,
  embeddingDim: 4,
});

test('a model file alone writes text, the same for the same seed', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'cat.safetensors');
    const { model: trained } = await train(model, {
      data,
      optimizer: sgd({ lr: 0.5 }),
      epochs: 1,
      numerics: 'strict',
      workers: 0,
    });
    assert.equal(trained.text, { length: 8 });
    await writeFile(file, encodeModel(trained));
    const write = (...more: string[]) => lanewise(['generate', file, '--length', '20', ...more]);
    const { stdout, code } = await write('--prompt', 'the cat', '--seed', '3');
    assert.is(code, 0);
    const expected = await generate(trained, undefined, 'the cat', {
      length: 20,
      temperature: 0.8,
      seed: 3,
    });
    assert.is(stdout, `the cat${expected}\n`);
    const [record] = eventsOf(await write('--prompt', 'the cat', '--seed', '3', '--json'));
    assert.is(record!['text'], expected);
    assert.is(record!['sha256'], await trained.sha256());
    assert.is.not((await write('--prompt', 'the cat', '--seed', '4')).stdout, stdout);
    // Without a prompt it begins where a text does: here with a space, as it has no lines.
    assert.is((await write()).code, 0);
    assert.match(
      (await write('--prompt', 'the dog')).stderr,
      /character "d" at 4 is none of the vocabulary's/,
    );
    assert.match(
      (await write('--top-k', '99')).stderr,
      /topK is 99, expected a whole number from 1 to/,
    );
    const other = async (command: string, ...more: string[]) =>
      (await lanewise([command, file, ...more])).stderr;
    assert.match(await write('--length', '1e9').then(({ stderr }) => stderr), /from 0 to 100000/);
    assert.match(await other('predict', 'x.png'), /writes text, and predict classifies/);
    assert.match(await other('eval'), /eval needs a text.*\n {2}--data book\.txt names it/);
    assert.match((await write('--prompt', '')).stderr, /Expected at least one character/);
  }));

test('a model of images writes nothing', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'm.safetensors');
    const net = lenet1();
    await writeFile(file, encodeModel(withWeights(net, await initialWeights(net))));
    const { stderr, code } = await lanewise(['generate', file]);
    assert.is(code, 1);
    assert.match(
      stderr,
      /keeps no vocabulary, and writes no text: expected a model trained on a text/,
    );
  }));

test.run();
