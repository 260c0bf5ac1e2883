/** Layers of sequences: PyTorch's names, values and gradients; what comes back from a file; refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf, type Tensor } from '../../src/graph/tensor.js';
import {
  embedding,
  functional,
  gru,
  initializers,
  input,
  linear,
  lstm,
  multiheadAttention,
  parameterCount,
  positionEmbedding,
  rebuild,
  rnn,
  sequential,
  type Layer,
  type Model,
} from '../../src/layers/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/sequence.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Golden {
  parameters: Record<string, number[]>;
  scale: number;
  seed: number;
  y: string;
  yShape: number[];
  gradients: Record<string, string>;
  /** Own steps of each sample, if they differ. */
  lengths?: number[];
}

interface Recurrent extends Golden {
  kind: 'tanh' | 'relu' | 'lstm' | 'gru';
  x: [number, number, number];
  hidden: number;
  layers: number;
  bias: boolean;
  bidirectional: boolean;
  returns: 'sequence' | 'last';
}

interface Attention extends Golden {
  inputs: Record<string, [number, number, number]>;
  heads: number;
  causal: boolean;
  bias: boolean;
}

/** The model of one layer `layer`, its inputs as `shapes` say. */
function modelOf(
  layer: Layer,
  shapes: Readonly<Record<string, readonly number[]>>,
  lengths?: readonly number[],
): Model {
  const wires = Object.entries(shapes).map(([name, shape]) => [name, input(shape.slice(1))]);
  const steps = Object.values(shapes).at(-1)![1]!;
  if (lengths) wires.push(['lengths', input([], { lengths: steps })]);
  const inputs = Object.fromEntries(wires) as Record<string, ReturnType<typeof input>>;
  return functional({ inputs, outputs: layer(...Object.values(inputs)), layers: { layer } });
}

/** Holds value, gradients, and the parameters' names and shapes against PyTorch's. */
async function checkGolden(
  what: string,
  model: Model,
  inputs: Readonly<Record<string, readonly number[]>>,
  golden: Golden,
  firstParameter: number,
  numerics: (typeof availableNumerics)[number],
): Promise<void> {
  assert.equal(
    model.parameters.map(({ name, shape }) => [name, [...shape]]),
    Object.entries(golden.parameters).map(([name, shape]) => [`layer.${name}`, shape]),
    what,
  );
  const batch = Object.values(inputs)[0]![0]!;
  const graph = model.graph(batch, 'training');
  const { lengths } = golden;
  const sequences = [...graph.inputs.values()].filter(({ dtype }) => dtype === 'f32');
  const leaves = [...sequences, ...graph.parameters.values()];
  const names = [...Object.keys(inputs), ...Object.keys(golden.parameters)];
  const feeds: Feeds = new Map();
  sequences.forEach((t, i) => feeds.set(t, numbers(sizeOf(t.shape), golden.seed + i)));
  if (lengths) feeds.set(graph.inputs.get('lengths')!, Int32Array.from(lengths));
  // Nothing may look at the padding of a recurrent layer.
  if (lengths && 'x' in inputs)
    scribble(feeds.get(sequences[0]!) as Float32Array, sequences[0]!.shape, lengths);
  [...graph.parameters.values()].forEach((t, i) => {
    const drawn = numbers(sizeOf(t.shape), golden.seed + firstParameter + i);
    feeds.set(
      t,
      drawn.map((value) => value * golden.scale),
    );
  });
  const y = graph.outputs.get('output')!;
  assert.equal(y.shape, golden.yShape, what);
  const target = numbers(sizeOf(y.shape), golden.seed + 99);
  const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
  // Roundings of up to three layers of steps add up: 1.3e-5 at worst, PyTorch's own float32 9.1e-6. In the gradients
  // terms of all steps cancel; there that is off by up to 1.6e-5.
  assertClose(value, unpack(golden.y), 2e-5, `${what}: y`);
  names.forEach((name, i) =>
    assertClose(found[i]!, unpack(golden.gradients[name]!), 1e-4, `${what}: ${name}`),
  );
}

function scribble(x: Float32Array, [N, T, F]: readonly number[], lengths: readonly number[]): void {
  for (let n = 0; n < N!; n++) x.fill(NaN, (n * T! + lengths[n]!) * F!, (n + 1) * T! * F!);
}

const make = (kind: Recurrent['kind'], F: number, H: number, options: object): Layer => {
  if (kind === 'lstm') return lstm(F, H, options);
  return kind === 'gru' ? gru(F, H, options) : rnn(F, H, { nonlinearity: kind, ...options });
};

/** Cases without and with lengths. */
const both = <T>(name: string): T[] => [
  ...loadGolden<T>(name),
  ...loadGolden<T>(`${name}-lengths`),
];

for (const numerics of availableNumerics) {
  test(`recurrent layers (${numerics}): names, values and gradients are PyTorch’s`, async () => {
    for (const golden of both<Recurrent>('recurrent')) {
      const { kind, x, hidden, layers, bias, bidirectional, returns, lengths } = golden;
      const options = { numLayers: layers, bias, bidirectional, returns };
      const model = modelOf(make(kind, x[2], hidden, options), { x }, lengths);
      const what = `${kind} ${x.join('×')} ${JSON.stringify({ ...options, lengths })}`;
      await checkGolden(what, model, { x }, golden, 1, numerics);
    }
  });

  test(`attention (${numerics}): names, values and gradients are PyTorch’s`, async () => {
    for (const golden of both<Attention>('attention')) {
      const { inputs, heads, causal, bias, lengths } = golden;
      const layer = multiheadAttention(inputs['query']![2], heads, { causal, bias });
      const what = `${JSON.stringify({ ...inputs, lengths })}, ${heads} heads, causal ${causal}`;
      await checkGolden(what, modelOf(layer, inputs, lengths), inputs, golden, 3, numerics);
    }
  });

  test(`tokens with their positions (${numerics}) are the sum of two rows`, async () => {
    const [N, T, V, D] = [3, 4, 5, 6];
    const model = sequential(
      { token: embedding(V, D), position: positionEmbedding(7, D) },
      { input: [T], vocabulary: V },
    );
    const graph = model.graph(N, 'training');
    const tokens = Int32Array.from({ length: N * T }, (_, i) => (i * i + 1) % V);
    const [table, positions] = [...graph.parameters.values()].map(({ shape }, i) =>
      numbers(sizeOf(shape), i),
    );
    const feeds: Feeds = new Map(
      [...graph.parameters.values()].map((t, i) => [t, [table!, positions!][i]!]),
    );
    feeds.set(graph.inputs.get('input')!, tokens);
    const [y] = await evaluate([graph.outputs.get('output')!], feeds, { numerics });
    const rows = reference.embedding(tokens, table!, D);
    const expected = rows.map((value, i) => value + positions![i % (T * D)]!);
    assertClose(y!, expected, 1e-6, 'y');

    // Places behind T have no gradient; each of the others adds its samples.
    await checkOp({
      what: 'positions',
      shapes: [
        [N, T, D],
        [7, D],
      ],
      seed: 8,
      numerics,
      op(x, weight) {
        const layer = positionEmbedding(7, D);
        const scope = { parameter: () => weight! };
        return layer.build(scope as unknown as Parameters<Layer['build']>[0], x!);
      },
      definition: (x, weight) => x!.map((value, i) => value + weight![i % (T * D)]!),
    });
  });
}

test('a model of sequences comes back from its file, and counts its parameters', () => {
  const model = sequential(
    {
      token: embedding(11, 8),
      position: positionEmbedding(5, 8),
      attention: multiheadAttention(8, 2, { causal: true }),
      first: rnn(8, 6, { nonlinearity: 'relu', bidirectional: true }),
      second: lstm(12, 7, { numLayers: 2 }),
      third: gru(7, 4, { returns: 'last', bias: false }),
      out: linear(4, 11),
    },
    { input: [5], vocabulary: 11 },
  );
  const again = rebuild(JSON.parse(JSON.stringify(model.architecture)));
  assert.equal(again.architecture, model.architecture);
  assert.equal(again.parameters, model.parameters);
  assert.equal(model.outputs.get('output'), [11]);
  const attention = 4 * 8 * 8 + 4 * 8;
  const first = 2 * (6 * 8 + 6 * 6 + 2 * 6);
  const second = 4 * 7 * (12 + 7 + 2) + 4 * 7 * (7 + 7 + 2);
  const third = 3 * 4 * (7 + 4);
  const expected = 11 * 8 + 5 * 8 + attention + first + second + third + 4 * 11 + 11;
  assert.is(parameterCount(model), expected);
});

test('initial values are PyTorch’s unless they are given, and settings come back', () => {
  const [ten, small] = [initializers.constant(10), initializers.normal(0, 0.02)];
  const layers = {
    plain: embedding(5, 4),
    token: embedding(5, 4, { weightInit: small }),
    places: positionEmbedding(3, 4, { weightInit: small }),
    cell: gru(4, 4, { weightInit: small, biasInit: ten, dropout: 0.25 }),
    attention: multiheadAttention(4, 2, { weightInit: small, biasInit: ten, outInit: ten }),
    same: multiheadAttention(4, 2, { weightInit: small, dropout: 0.25 }),
  };
  const specs = Object.entries(layers).flatMap(([name, layer]) => {
    const isTable = name === 'plain' || name === 'token';
    const x = isTable ? input([3], { vocabulary: 5 }) : input([3, 4]);
    const model = functional({ inputs: x, outputs: layer(x), layers: { [name]: layer } });
    assert.equal(
      rebuild(JSON.parse(JSON.stringify(model.architecture))).parameters,
      model.parameters,
    );
    return model.parameters.map((spec) => [spec.name, spec.initializer] as const);
  });
  const zero = initializers.constant(0);
  assert.equal(Object.fromEntries(specs), {
    'plain.weight': initializers.normal(0, 1),
    'token.weight': small,
    'places.weight': small,
    'cell.weight_ih_l0': small,
    'cell.weight_hh_l0': small,
    'cell.bias_ih_l0': ten,
    'cell.bias_hh_l0': ten,
    'attention.in_proj_weight': small,
    'attention.in_proj_bias': ten,
    'attention.out_proj.weight': ten,
    'attention.out_proj.bias': ten,
    'same.in_proj_weight': small,
    'same.in_proj_bias': zero,
    'same.out_proj.weight': small,
    'same.out_proj.bias': zero,
  });
});

test('dropout is between recurrent layers and on attention weights, in training only', () => {
  const names = (layer: Layer, mode: 'training' | 'evaluation') => {
    const x = input([3, 4]);
    const graph = functional({ inputs: x, outputs: layer(x) }).graph(2, mode);
    const found: string[] = [];
    const visit = ({ source }: Tensor): void => {
      if (source.kind !== 'op') return;
      found.push(source.op.name);
      Object.values(source.inputs).forEach((from) => from && visit(from as Tensor));
    };
    visit(graph.outputs.get('output')!);
    return found.filter(
      (name) => name === 'dropout' || name === 'recurrent' || name.startsWith('attention'),
    );
  };
  const stack = lstm(4, 4, { numLayers: 3, dropout: 0.5 });
  assert.equal(names(stack, 'training'), [
    'recurrent',
    'dropout',
    'recurrent',
    'dropout',
    'recurrent',
  ]);
  assert.equal(names(stack, 'evaluation'), ['recurrent', 'recurrent', 'recurrent']);
  const attention = multiheadAttention(4, 2, { dropout: 0.5 });
  assert.equal(names(attention, 'training'), ['attentionProduct', 'dropout', 'attentionScores']);
  assert.equal(names(attention, 'evaluation'), ['attentionProduct', 'attentionScores']);
});

test('a reversible embedding is the head of its own tokens', async () => {
  const wte = embedding(5, 3, { reversible: true });
  const x = input([2], { vocabulary: 5 });
  const model = functional({ inputs: x, outputs: wte(wte(x)), layers: { wte } });
  assert.is(parameterCount(model), 15);
  const graph = model.graph(1, 'evaluation');
  const table = numbers(15, 4);
  const feeds: Feeds = new Map([[graph.parameters.get('wte.weight')!, table]]);
  feeds.set(graph.inputs.get('input')!, Int32Array.of(3, 1));
  const [y] = await evaluate([graph.outputs.get('output')!], feeds);
  const expected = [3, 1].flatMap((token) =>
    Array.from({ length: 5 }, (_, row) =>
      [0, 1, 2].reduce((sum, d) => sum + table[token * 3 + d]! * table[row * 3 + d]!, 0),
    ),
  );
  assertClose(y!, expected, 1e-5, 'scores');
});

test('sequences and settings that do not fit are refused by the layer’s name', () => {
  const within = (layer: Layer, shape: number[]) => () => sequential({ layer }, { input: shape });
  refuses(within(lstm(4, 3), [5, 6]), /lstm 'layer': expected an input of N×T×4, found 1×5×6/);
  refuses(within(rnn(4, 3), [4]), /rnn 'layer': expected an input of N×T×4, found 1×4/);
  refuses(
    within(positionEmbedding(3, 4), [5, 4]),
    /positionEmbedding 'layer': expected an input of n×T×4 with T up to 3, found 1×5×4/,
  );
  refuses(
    within(multiheadAttention(4, 2), [5, 6]),
    /multiheadAttention 'layer': expected one sequence N×T×4 or query, key and value, and perhaps lengths, found 1×5×6/,
  );
  refuses(within(embedding(4, 2), [3]), /embedding 'layer': indices are f32, expected i32/);
  assert.throws(() => multiheadAttention(6, 4), /embedDim 6 does not divide into 4 heads/);
  assert.throws(() => gru(4, 0), /gru: hiddenSize is 0, expected a whole number of at least 1/);
  assert.throws(
    () => lstm(4, 3, { returns: 'all' as 'last' }),
    /lstm: returns is 'all', expected one of sequence, last/,
  );
  assert.throws(
    () => lstm(4, 3, { dropout: 1 }),
    /lstm: dropout is 1, expected a number in \[0, 1\)/,
  );
  assert.throws(
    () => multiheadAttention(4, 2, { dropout: -1 }),
    /multiheadAttention: dropout is -1/,
  );
  assert.throws(
    () => rnn(4, 3, { nonlinearity: 'gelu' as 'relu' }),
    /rnn: nonlinearity is 'gelu', expected one of tanh, relu/,
  );
});

test.run();
