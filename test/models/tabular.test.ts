/** The net for tables: what it learns that a linear model cannot, with edges in the rows' own numbers; refusals. */
// slow: chooses an encoding by five folds, twice
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withEncoding } from '../../src/cli/table-encoding.js';
import { LanewiseError } from '../../src/base/errors.js';
import { quantileEdges } from '../../src/data/quantile-edges.js';
import { split } from '../../src/data/split-samples.js';
import { flatten, linear, rescale, sequential, type Model } from '../../src/layers/index.js';
import { recipeFor, recipeForRows, type ImageSettings } from '../../src/models/recipes.js';
import { tabular } from '../../src/models/tabular.js';
import { adamW } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

const COUNT = 600;
/** Two columns: places from 0 to 100, and noise from −1000 to 1000. */
const drawn = numbers(2 * COUNT, 7);
const values = drawn.map((x, i) => (i % 2 ? 1000 * x : 50 * x + 50));
/** Up and down twice over the places, from 20 to 21. */
const heights = Float32Array.from(
  { length: COUNT },
  (_, i) => 20 + Math.abs(((values[2 * i]! / 25) % 2) - 1),
);
const withTarget = (target: Float32Array) =>
  split(
    {
      name: 'table',
      inputs: { input: { shape: [2, 1, 1], values } },
      targets: { output: { shape: [1], values: target } },
    },
    { fraction: 0.75, seed: 1 },
  );
type Parts = ReturnType<typeof withTarget>;

const scale = { mean: [50, 0], deviation: [29, 577] };
const unit = { mean: 20.5, deviation: 0.29 };

/** R² on the rows left out, and the hash of the weights. */
async function learn(
  model: Model,
  [rows, others]: Parts,
  workers = 0,
): Promise<{ r2: number; hash: string }> {
  const { learningRate, weightDecay, schedule, batch, epochs } = recipeForRows('tabular', 450);
  const run = await train(model, {
    data: rows,
    validation: others,
    metrics: ['r2'],
    loss: 'meanSquaredError',
    optimizer: adamW({ lr: learningRate, weightDecay }),
    schedule,
    batch,
    epochs,
    workers,
    numerics: 'strict',
  });
  return { r2: run.history.at(-1)!.metrics!['r2']!, hash: await run.model.sha256() };
}

test('it is ahead of a linear model on a product of columns, and on what goes up and down with the encoding', async () => {
  const net = { features: 2, outputs: 1, unit, ...scale };
  const straight = sequential([flatten(), linear(2, 1), rescale(unit)], {
    input: [2, 1, 1],
    ...scale,
  });
  const products = values.map((x, i) => (i % 2 ? 0 : 20.5 + ((x - 50) * values[i + 1]!) / 6e4));
  const product = withTarget(products.filter((_, i) => i % 2 === 0));
  const zigzag = withTarget(heights);
  assert.ok((await learn(straight, product)).r2 < 0.1, 'a line through a product');
  assert.ok((await learn(straight, zigzag)).r2 < 0.1, 'a line through a zigzag');
  const plain = await learn(tabular(net), product);
  assert.ok(plain.r2 > 0.8, `of a product it has ${plain.r2}`);
  const recipe = recipeForRows('tabular', COUNT);
  const make = (settings: ImageSettings) =>
    tabular({ ...net, ...(settings.edges ? { edges: settings.edges } : {}) });
  const choose = async ([rows]: Parts) =>
    withEncoding(
      { ...recipe, loss: 'meanSquaredError' },
      rows,
      { shape: [2, 1, 1], classes: 1 },
      make,
    );
  assert.is((await choose(product)).settings.edges, undefined);
  const { settings, notes } = await choose(zigzag);
  assert.match(
    notes[0]!,
    /^numbers are encoded by the bins they lie in: loss \S+ against \S+ without$/,
  );
  const [none, one, two] = await Promise.all(
    [0, 1, 2].map((workers) => learn(make(settings), zigzag, workers)),
  );
  assert.ok(none!.r2 > 0.9, `with edges it has ${none!.r2}`);
  assert.equal([one!.hash, two!.hash], [none!.hash, none!.hash]);
});

test('quantile edges hold equally many numbers each, and equal ones once', () => {
  const column = [3, 1, 2, 2, 2, 2, 5, 4, 9];
  const data = {
    name: 'column',
    inputs: { input: { shape: [2], values: Float32Array.from(column.flatMap((x) => [x, 7])) } },
    targets: { output: { shape: [1], values: new Float32Array(9) } },
  };
  assert.equal(quantileEdges(data, { bins: 4 }), [
    [1, 2, 4, 9],
    [6, 7],
  ]);
  assert.equal(quantileEdges(data, { bins: 1 })[0], [1, 9]);
  const bytes = { ...data, inputs: { input: { shape: [2], values: new Uint8Array(18) } } };
  assert.throws(() => quantileEdges(bytes), /'column' has no input 'input' of float32 in memory/);
});

test('edges that clipping makes one, and columns of one number, leave a net that can be built', () => {
  const edges = [
    [0, 1, 1e30, 2e30],
    [5, 5 + 1e-9],
  ];
  const model = tabular({ features: 2, outputs: 3, edges });
  const encoding = model.architecture.layers.find(({ name }) => name === 'encoding')!;
  const lengths = (encoding.settings['edges'] as number[][]).map(({ length }) => length);
  assert.equal(lengths, [3, 2]);
});

test('what does not fit is refused', () => {
  const refusals: readonly [make: () => unknown, message: RegExp][] = [
    [
      () => tabular({ features: 2, outputs: 2, edges: [[0, 1]] }),
      /1 lists, expected one for each of 2/,
    ],
    [() => tabular({ features: 0, outputs: 2 }), /tabular: features is 0/],
    [() => tabular({ features: 1, outputs: 2, edges: [[0]] }), /edges\[0\]/],
    [
      () => recipeFor('tabular').create({ shape: [1, 28, 28], classes: 10 }),
      /tabular takes rows of numbers, found images of 1×28×28/,
    ],
  ];
  for (const [make, message] of refusals)
    assert.throws(
      make,
      (error: Error) => error instanceof LanewiseError && message.test(error.message),
    );
});

test.run();
