/** Functional wiring: the graph, the owners of parameters, and refusals that say what is wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  add,
  batchNorm2d,
  block,
  conv2d,
  defineLayer,
  flatten,
  functional,
  globalAvgPool2d,
  input,
  linear,
  rebuild,
  relu,
  sequential,
  type Architecture,
  type Layer,
  type Model,
  type Wire,
} from '../../src/layers/index.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const refusal = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
};

/** The outputs for drawn inputs and weights; equal names get equal weights. */
async function run(model: Model): Promise<Float32Array[]> {
  const graph = model.graph(2, 'evaluation');
  const feeds = new Map<Tensor, Float32Array>();
  [...graph.inputs.values(), ...graph.parameters.values()].forEach((t, i) =>
    feeds.set(t, numbers(sizeOf(t.shape), i + 1)),
  );
  return evaluate([...graph.outputs.values()], feeds);
}

const names = (model: Model) => model.parameters.map(({ name }) => name);

test('a residual block is written as it is drawn', async () => {
  const conv = conv2d(2, 2, 3, { padding: 1 });
  const x = input([2, 6, 6]);
  const y = relu(add(conv(x), x));
  const model = functional({ inputs: x, outputs: y, layers: { conv } });
  assert.equal(names(model), ['conv.weight', 'conv.bias']);
  assert.equal([...model.outputs], [['output', [2, 6, 6]]]);
  const inBlock = block({ conv }, ({ conv }, x) => relu(add(conv(x), x)));
  const same = sequential({ b: inBlock }, { input: [2, 6, 6] });
  assert.equal(names(same), ['b.conv.weight', 'b.conv.bias']);
  assert.equal(await run(same), await run(model));
});

test('names follow the structure; layers without one are named by their kind', () => {
  const part = () => ({ conv1: conv2d(1, 1, 3, { padding: 1 }), bn1: batchNorm2d(1) });
  const stage1 = { block0: part(), block1: part() };
  const x = input([1, 4, 4]);
  let y: Wire = x;
  for (const { conv1, bn1 } of Object.values(stage1)) y = relu(bn1(conv1(y)));
  const out = linear(16, 3)(flatten(y));
  const model = functional({ inputs: { image: x }, outputs: { logits: out }, layers: { stage1 } });
  assert.is(names(model)[0], 'stage1.block0.conv1.weight');
  assert.is(names(model).at(-1), 'linear.bias');
  assert.equal(
    model.architecture.layers.map(({ name }) => name),
    [
      'stage1.block0.conv1',
      'stage1.block0.bn1',
      'relu',
      'stage1.block1.conv1',
      'stage1.block1.bn1',
      'relu2',
      'flatten',
      'linear',
    ],
  );
});

test('a layer applied twice has one set of parameters, also after its file was read', async () => {
  const tower = linear(4, 4);
  const [a, b] = [input([4]), input([4])];
  const sum = add(tower(a), relu(tower(b)));
  const model = functional({ inputs: { a, b }, outputs: sum, layers: { tower } });
  assert.equal(names(model), ['tower.weight', 'tower.bias']);
  const json = JSON.stringify(model.architecture);
  const again = rebuild(JSON.parse(json) as Architecture);
  assert.is(JSON.stringify(again.architecture), json);
  assert.equal(again.parameters, model.parameters);
  assert.equal(await run(again), await run(model));
});

test('a statistic that is observed twice moves towards the mean', () => {
  const bn = batchNorm2d(1);
  const x = input([1, 4, 4]);
  const model = functional({ inputs: x, outputs: bn(relu(bn(x))), layers: { bn } });
  const graph = model.graph(2, 'training');
  assert.equal([...graph.observations.keys()], ['bn.running_mean', 'bn.running_var']);
  const { source } = graph.observations.get('bn.running_mean')!;
  assert.is(source.kind === 'op' && source.op.name, 'scale');
});

test('a model is a layer; several inputs and outputs have names', async () => {
  const encoder = sequential({ fc: linear(6, 3) }, { input: [6] });
  const [left, right] = [input([6]), input([6])];
  const [l, r] = [encoder(left), encoder(right)];
  const model = functional({
    inputs: { left, right },
    outputs: { sum: add(l, r), left: l },
    layers: { encoder },
  });
  assert.equal(names(model), ['encoder.fc.weight', 'encoder.fc.bias']);
  assert.equal([...model.outputs.keys()], ['sum', 'left']);
  const again = rebuild(JSON.parse(JSON.stringify(model.architecture)) as Architecture);
  assert.equal(await run(again), await run(model));
  const inList = sequential({ encoder, out: linear(3, 2) }, { input: [6] });
  assert.equal(names(inList).slice(0, 2), ['encoder.fc.weight', 'encoder.fc.bias']);
  assert.match(
    refusal(() => sequential([model as Layer], { input: [6] })),
    /model is applied to 1|layer '0' is applied to 1 inputs, expected 2/,
  );
});

test('shapes that do not fit name the layer and both shapes', () => {
  const x = input([2, 6, 6]);
  const narrow = conv2d(2, 4, 3);
  refuses(
    () => functional({ inputs: x, outputs: add(narrow(x), x), layers: { narrow } }),
    /^add 'add': .*1×4×4×4.*1×2×6×6/,
  );
});

test('what is wired wrongly is refused', () => {
  const [x, other] = [input([4]), input([4])];
  const fc = linear(4, 4);
  const y = fc(x);
  assert.match(
    refusal(() => functional({ inputs: { x, other }, outputs: y })),
    /input 'other' of a model is not used/,
  );
  assert.match(
    refusal(() => functional({ inputs: x, outputs: add(y, other) })),
    /a model uses an input that is not among its inputs/,
  );
  assert.match(
    refusal(() => functional({ inputs: x, outputs: y, layers: { fc, spare: linear(4, 4) } })),
    /layer 'spare' of a model is not applied/,
  );
  assert.match(
    refusal(() => functional({ inputs: x, outputs: y, layers: { a: fc, b: fc } })),
    /one layer of a model is named 'a' and 'b'/,
  );
  assert.match(
    refusal(() => fc(relu() as unknown as Wire)),
    /linear is applied to a layer \(relu\), expected a wire from input\(\) or a layer/,
  );
  assert.match(
    refusal(() => fc(x, x)),
    /linear is applied to 2 inputs, expected 1/,
  );
  assert.match(
    refusal(() => add(x)),
    /add is applied to 1 inputs, expected at least 2/,
  );
  assert.match(
    refusal(() => add(x, undefined as unknown as Wire)),
    /add is applied to undefined, expected a wire from input\(\)/,
  );
  assert.match(
    refusal(() => functional({ inputs: x, outputs: fc as unknown as Wire })),
    /outputs of a model are a layer \(linear\), expected a wire or an object of wires/,
  );
  assert.match(
    refusal(() =>
      functional({ inputs: x, outputs: y, layers: { fc, relu: relu as unknown as Layer } }),
    ),
    /layer 'relu' of a model is a function, expected a layer/,
  );
  assert.match(
    refusal(() => sequential([fc, relu as unknown as Layer], { input: [4] })),
    /layer '1' of a model is a function, expected a layer/,
  );
  assert.match(
    refusal(() => sequential(3 as unknown as Layer[], { input: [4] })),
    /a model is made of 3, expected an array or an object of layers/,
  );
  assert.match(
    refusal(() => sequential([fc], undefined as unknown as { input: [4] })),
    /sequential: input is missing, the shape of one sample/,
  );
  // As PyTorch's users write it: one after another, with the input behind them; without one, the way out is said.
  assert.equal([...sequential(linear(4, 3), relu(), { input: [4] }).outputs.values()], [[3]]);
  assert.throws(
    () => (sequential as (...given: unknown[]) => unknown)(linear(4, 3), relu()),
    (error: LanewiseError) => error.hint === 'write sequential([…layers], { input: [4] })',
  );
  const broken = defineLayer('own', {}, () => undefined as unknown as Tensor);
  assert.is(
    refusal(() => sequential({ broken }, { input: [4] })),
    "layer 'broken' (own) gives undefined, expected a tensor",
  );
  const unlike = defineLayer('own', {}, () => ops.relu(x as unknown as Tensor));
  assert.is(
    refusal(() => sequential({ unlike }, { input: [4] })),
    'activation: x is a wire, expected a tensor',
  );
  assert.match(
    refusal(() => block({ fc }, () => 3 as unknown as Wire)),
    /a block's wiring gives 3, expected a wire/,
  );
  assert.match(
    refusal(() => functional({ inputs: y, outputs: y })),
    /input 'input' of a model was not made by input\(\)/,
  );
  assert.match(
    refusal(() => input([0, 2])),
    /model input: axis 0 is 0/,
  );
});

test('a file whose layers form a cycle, or take what is not there, is refused', () => {
  const fc = linear(4, 4);
  const x = input([4]);
  const { architecture } = functional({ inputs: { x }, outputs: relu(fc(x)), layers: { fc } });
  const change = (inputs: unknown, shares?: string) =>
    refusal(() =>
      rebuild({
        ...architecture,
        layers: architecture.layers.map((layer, i) =>
          i === 0 ? { ...layer, inputs: inputs as string[], ...(shares ? { shares } : {}) } : layer,
        ),
      }),
    );
  assert.is(
    change(['relu']),
    "layer 'fc' takes 'relu', which comes after it: the layers form a cycle or are out of order",
  );
  assert.is(change(['fc']).includes('cycle'), true);
  assert.is(change(['y']), "layer 'fc' takes 'y', which is neither an input nor a layer");
  assert.is(change([]), "layer 'fc': its inputs are not a list of names");
  assert.is(change(3), "layer 'fc': its inputs are not a list of names");
  assert.is(change(['x', 'x']), "layer 'fc' is applied to 2 inputs, expected 1");
  assert.match(change(['x'], 'relu'), /layer 'fc' takes 'relu', which comes after it/);
  assert.match(
    refusal(() => rebuild({ ...architecture, outputs: { output: 'nowhere' } })),
    /output 'output' takes 'nowhere', which is neither an input nor a layer/,
  );
});

test('a layer that gives a whole image can end a model', () => {
  const model = sequential([conv2d(1, 2, 3), globalAvgPool2d()], { input: [1, 8, 8] });
  assert.equal([...model.outputs], [['output', [2]]]);
});

test.run();
