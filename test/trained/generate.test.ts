/** Drawing text: a function of weights, prompt and options; greedy, cut and tempered; refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { embedding, linear, lstm, sequential, type Model } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { charRnn, mlp } from '../../src/models/index.js';
import { generate, type GenerateOptions } from '../../src/trained/generate.js';
import { createTrainedModel, type TrainedModel } from '../../src/trained/trained-model.js';
import { numbers } from '../support/numbers.js';

const vocabulary = [...'abcdefg'];

/** Drawn weights in place of trained ones. */
function drawn(model: Model): TrainedModel {
  const weights = model.parameters.map(
    ({ name, shape }, i) => [name, numbers(sizeOf(shape), i + 3).map((v) => v * 3)] as const,
  );
  const terms = lossTerms('crossEntropy', ['output']);
  return createTrainedModel(model, terms, 'strict', new Map(weights));
}

const trained = drawn(charRnn({ vocabulary: 7, length: 5, embeddingDim: 4, hiddenSize: 6 }));
const write = (prompt: string, options: GenerateOptions) =>
  generate(trained, vocabulary, prompt, options);

/** The probabilities behind `text`, by way of predict. */
async function sharesBehind(text: string): Promise<Float32Array> {
  const window = new Int32Array(5);
  const seen = [...text].slice(-5).map((character) => vocabulary.indexOf(character));
  window.set(seen);
  const { scores } = await trained.predict(window);
  return scores.subarray((seen.length - 1) * 7, seen.length * 7);
}

test('temperature 0 takes the likeliest character after the last of a prompt of any length', async () => {
  for (const prompt of ['a', 'gfe', 'abcde', 'gabcdefg']) {
    let text = prompt;
    for (let i = 0; i < 6; i++) {
      const scores = await sharesBehind(text);
      text += vocabulary[scores.indexOf(Math.max(...scores))];
    }
    assert.is(await write(prompt, { length: 6, temperature: 0 }), text.slice(prompt.length));
    assert.is(await write(prompt, { length: 6, topK: 1, seed: 8 }), text.slice(prompt.length));
  }
});

test('a model that knows its vocabulary needs none, and takes no other', async () => {
  const { model, terms, weights } = trained;
  const knowing = createTrainedModel(model, terms, 'strict', weights, { vocabulary });
  const options = { length: 12 };
  assert.is(await generate(knowing, undefined, 'abc', options), await write('abc', options));
  assert.is(await generate(knowing, vocabulary, 'abc', options), await write('abc', options));
  await refused(
    generate(knowing, [...'abdcefg'], 'a'),
    /vocabulary has 'd' at 2, and the model was trained with 'c' there/,
  );
  await refused(generate(trained, undefined, 'a'), /generate: vocabulary is undefined/);
});

test('a text is a function of the seed; a longer one begins with a shorter', async () => {
  const text = await write('ab', { length: 60, seed: 4 });
  assert.is([...text].length, 60);
  assert.is(await write('ab', { length: 60, seed: 4 }), text);
  assert.is(await write('ab', { length: 20, seed: 4 }), text.slice(0, 20));
  assert.is.not(await write('ab', { length: 60, seed: 5 }), text);
  assert.is(await write('ab', { length: 0 }), '');
});

test('characters come as often as their probabilities say; topK leaves the others out', async () => {
  const scores = await sharesBehind('c');
  const temperature = 1.5;
  const shares = [...scores].map((share) => share ** (1 / temperature));
  const order = [...scores.keys()].toSorted((a, b) => scores[b]! - scores[a]!);
  for (const topK of [7, 3]) {
    const found = new Float64Array(7);
    const count = 400;
    for (let seed = 0; seed < count; seed++) {
      const character = await write('c', { length: 1, temperature, topK, seed });
      found[vocabulary.indexOf(character)]! += 1 / count;
    }
    const kept = order.slice(0, topK);
    const sum = kept.reduce((total, token) => total + shares[token]!, 0);
    for (let token = 0; token < 7; token++) {
      const expected = kept.includes(token) ? shares[token]! / sum : 0;
      const deviation = Math.sqrt((expected * (1 - expected)) / count);
      assert.ok(
        Math.abs(found[token]! - expected) <= 4 * deviation,
        `${token}: ${found[token]}, expected ${expected}`,
      );
    }
  }
});

test('a model that answers behind its window alone needs a whole one', async () => {
  const layers = [embedding(7, 4), lstm(4, 6, { returns: 'last' }), linear(6, 7)];
  const last = drawn(sequential(layers, { input: [3], vocabulary: 7 }));
  const text = await generate(last, vocabulary, 'abc', { length: 9, temperature: 0 });
  assert.is([...text].length, 9);
  const more = await generate(last, vocabulary, `abc${text.slice(0, 4)}`, {
    length: 5,
    temperature: 0,
  });
  assert.is(more, text.slice(4));
  await refused(generate(last, vocabulary, 'ab'), /a prompt of 2 characters, expected at least 3/);
});

async function refused(run: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as LanewiseError).message, message);
    return;
  }
  assert.unreachable('nothing was refused');
}

test('what cannot be is refused', async () => {
  await refused(write('', {}), /a prompt of 0 characters, expected at least 1/);
  await refused(write('xyz', {}), /character "x" at 0 is none of the vocabulary's 7/);
  await refused(write('a', { temperature: -1 }), /temperature is -1/);
  await refused(write('a', { temperature: Number.NaN }), /temperature is NaN/);
  await refused(write('a', { topK: 0 }), /topK is 0, expected a whole number from 1 to 7/);
  await refused(write('a', { topK: 8 }), /topK is 8/);
  await refused(write('a', { length: 1.5 }), /length is 1.5/);
  await refused(write('a', { seed: -1 }), /seed is -1/);
  await refused(
    generate(trained, [...'abc'], 'a'),
    /takes 5 below 7 and gives 5×7, expected tokens T below 3/,
  );
  await refused(
    generate(drawn(mlp()), [...'0123456789'], '1'),
    /expected tokens T below 10 and scores T×10 or 10/,
  );
  const damaged = {
    ...trained,
    weights: new Map([...trained.weights].map(([name, v]) => [name, v.map(() => Number.NaN)])),
  };
  await refused(generate(damaged, vocabulary, 'a'), /the model's scores are NaN: weights of/);
});

test.run();
