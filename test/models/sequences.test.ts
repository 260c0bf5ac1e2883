/** Models of text: counts of parameters, what may see what, and that they learn a page by heart and continue it. */
// slow: trains until the nets have learned
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { textWindows, vocabularyOf } from '../../src/data/text.js';
import { sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { parameterCount, rebuild, type Model } from '../../src/layers/index.js';
import { charLstm, charRnn, gpt } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { generate } from '../../src/trained/generate.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

const page = `A lane is one of four numbers that travel side by side. Where a processor adds two numbers, it may as
well add eight of them in pairs, if they wait next to each other. Much of the art of fast arithmetic is to have them wait
there: in order, aligned, and near. The rest is patience with the compiler, which knows less than it says, and with
the memory, which says less than it knows.`;
const vocabulary = vocabularyOf(page);

test('numbers of parameters are those of the definitions', () => {
  // GPT-2 small with its bias and tied head: 124,439,808, of which 786,432 stand for places; nanoGPT reports the rest.
  const sizes = { vocabulary: 50257, length: 1024, layers: 12, heads: 12, features: 768 };
  assert.is(parameterCount(gpt(sizes)), 124_439_808);
  // GPT-2 medium, 355M, and nanoGPT's Shakespeare in characters, 10.65M without biases, norms' included.
  const medium = { ...sizes, layers: 24, heads: 16, features: 1024 };
  assert.is(parameterCount(gpt(medium)), 354_823_168);
  const [S, T, L, D] = [65, 256, 6, 384];
  const shakespeare = gpt({ vocabulary: S, length: T, layers: L, heads: 6, features: D });
  assert.is(parameterCount(shakespeare), S * D + T * D + L * (12 * D * D + 13 * D) + 2 * D);
  const [E, H] = [32, 128];
  const cell = (gates: number, layers: number): number =>
    gates * H * (E + H + 2) + (layers - 1) * gates * H * (2 * H + 2);
  const around = S * E + H * S + S;
  assert.is(parameterCount(charLstm({ vocabulary: S })), around + cell(4, 1));
  assert.is(parameterCount(charLstm({ vocabulary: S, numLayers: 3 })), around + cell(4, 3));
  assert.is(parameterCount(charRnn({ vocabulary: S, numLayers: 2 })), around + cell(1, 2));
});

test('GPT’s names are GPT-2’s, and the head has the tokens’ vectors', () => {
  const model = gpt({ vocabulary: 11, layers: 1 });
  assert.equal(
    model.parameters.map(({ name }) => name),
    [
      'wte.weight',
      'wpe.weight',
      'h.0.ln_1.weight',
      'h.0.ln_1.bias',
      'h.0.attn.in_proj_weight',
      'h.0.attn.in_proj_bias',
      'h.0.attn.out_proj.weight',
      'h.0.attn.out_proj.bias',
      'h.0.ln_2.weight',
      'h.0.ln_2.bias',
      'h.0.mlp.c_fc.weight',
      'h.0.mlp.c_fc.bias',
      'h.0.mlp.c_proj.weight',
      'h.0.mlp.c_proj.bias',
      'ln_f.weight',
      'ln_f.bias',
    ],
  );
  const stds = model.parameters.map(({ initializer }) =>
    initializer.kind === 'normal' ? initializer.std : undefined,
  );
  assert.equal([stds[0], stds[1], stds[4], stds[10]], [0.02, 0.02, 0.02, 0.02]);
  assert.equal([stds[6], stds[12]], [0.02 / Math.sqrt(2), 0.02 / Math.sqrt(2)]);
});

const small: Readonly<Record<string, Model>> = {
  gpt: gpt({ vocabulary: 7, length: 6, features: 8, heads: 2, dropout: 0.2 }),
  charLstm: charLstm({ vocabulary: 7, length: 6, hiddenSize: 5, numLayers: 2, dropout: 0.2 }),
  charRnn: charRnn({ vocabulary: 7, length: 6, hiddenSize: 5 }),
};

for (const [name, model] of Object.entries(small)) {
  test(`${name} comes back from its description`, () => {
    const json = JSON.stringify(model.architecture);
    const again = rebuild(JSON.parse(json));
    assert.is(JSON.stringify(again.architecture), json);
    assert.equal(again.parameters, model.parameters);
  });

  test(`${name}: a score depends on the tokens up to its place, and on no later one`, async () => {
    const graph = model.graph(1, 'evaluation');
    const run = async (tokens: number[]) => {
      const feeds = new Map<Tensor, Float32Array | Int32Array>();
      [...graph.parameters.values()].forEach((t, i) =>
        feeds.set(t, numbers(sizeOf(t.shape), i + 1)),
      );
      feeds.set(graph.inputs.get('input')!, Int32Array.from(tokens));
      return (await evaluate([graph.outputs.get('output')!], feeds))[0]!;
    };
    const before = await run([1, 2, 3, 4, 5, 6]);
    const after = await run([1, 2, 3, 0, 5, 6]);
    const changed = Array.from({ length: 6 }, (_, t) =>
      before.subarray(t * 7, t * 7 + 7).some((value, i) => value !== after[t * 7 + i]),
    );
    assert.equal(changed, [false, false, false, true, true, true]);
  });
}

const length = 24;
const V = vocabulary.length;
const readers = {
  gpt: { model: gpt({ vocabulary: V, length, features: 48 }), lr: 0.006, epochs: 24 },
  charLstm: { model: charLstm({ vocabulary: V, length }), lr: 0.01, epochs: 10 },
};

for (const [name, { model, lr, epochs }] of Object.entries(readers)) {
  test(`${name} learns a page by heart: 30 characters of it are continued`, async () => {
    const { model: trained } = await train(model, {
      data: textWindows(page, { length }),
      optimizer: adam({ lr }),
      schedule: 'linear',
      epochs,
      batch: 16,
      numerics: 'strict',
    });
    const rest = page.slice(30, 300);
    const options = { length: rest.length, temperature: 0 };
    assert.is(await generate(trained, vocabulary, page.slice(0, 30), options), rest);
    // The same from its file.
    const again = decodeModel(encodeModel(trained), name);
    const short = { length: 40, temperature: 0 };
    assert.is(await generate(again, vocabulary, page.slice(100, 140), short), page.slice(140, 180));
  });
}

test.run();
