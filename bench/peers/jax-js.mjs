// jax-js on its WebAssembly backend: node jax-js.mjs WORKLOAD THREADS SECONDS. Every step is one jitted
// function. Its arrays are counted: `x.ref` keeps one that a call would otherwise consume.
import { checkFinite, checkProduct, lenet5Parameters, normals, runPeer } from './lib/measure.mjs';
import { inferenceOf, productOf, trainingOf } from './lib/workloads.mjs';

const NAME = '@jax-js/jax';
const CLASSES = 10;

const size = (shape) => shape.reduce((product, extent) => product * extent, 1);

/** Random weights by layer name → shape (O×C×k×k or outputs×inputs), zero biases. */
const randomParameters = (shapes) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      {
        w: normals(size(shape), 1 / Math.sqrt(3 * size(shape.slice(1)))),
        b: new Float32Array(shape[0]),
        shape,
      },
    ]),
  );

/** As a jax-js tree: `{ c1: { w, b }, … }`. */
const toTree = ({ numpy: np }, parameters) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { w, b, shape }]) => [
      name,
      { w: np.array(w).reshape(shape), b: np.array(b) },
    ]),
  );

function layers({ lax, numpy: np }) {
  const linear = (x, { w, b }) => np.dot(x, w.transpose()).add(b);
  const conv = (x, { w, b }, padding = 0) =>
    lax
      .convGeneralDilated(
        x,
        w,
        [1, 1],
        [
          [padding, padding],
          [padding, padding],
        ],
      )
      .add(b.reshape([1, -1, 1, 1]));
  /** Windows of 2×2 as axes of their own. */
  const windows = (x) => {
    const [n, c, h, w] = x.shape;
    return x.reshape([n, c, h / 2, 2, w / 2, 2]);
  };
  const avgPool = (x) => windows(x).mean([3, 5]);
  const maxPool = (x) => np.max(windows(x), [3, 5]);
  return { linear, conv, avgPool, maxPool };
}

function models(jax) {
  const { nn, numpy: np } = jax;
  const { linear, conv, avgPool, maxPool } = layers(jax);
  const convRelu = (x, layer) => nn.relu(conv(x, layer, 1));
  const crossEntropy = (logits, targets) => nn.logSoftmax(logits).mul(targets).sum().mul(-1);
  return {
    mlp: {
      input: [784],
      parameters: () => randomParameters({ l1: [100, 784], l2: [CLASSES, 100] }),
      forward: ({ l1, l2 }, x) => linear(nn.sigmoid(linear(x, l1)), l2),
      loss: (outputs, targets) => np.square(outputs.sub(targets)).sum(),
      optimizer: 'sgd',
    },
    lenet5: {
      input: [1, 32, 32],
      parameters: lenet5Parameters,
      forward: ({ c1, c3, c5, f6, out }, x) => {
        const s2 = avgPool(np.tanh(conv(x, c1)));
        const s4 = avgPool(np.tanh(conv(s2, c3)));
        const a5 = np.tanh(linear(s4.reshape([-1, 400]), c5));
        return linear(np.tanh(linear(a5, f6)), out);
      },
      loss: crossEntropy,
      optimizer: 'momentum',
    },
    'vgg-small': {
      input: [3, 32, 32],
      parameters: () =>
        randomParameters({
          c1: [32, 3, 3, 3],
          c2: [32, 32, 3, 3],
          c3: [64, 32, 3, 3],
          c4: [64, 64, 3, 3],
          f1: [256, 4096],
          out: [CLASSES, 256],
        }),
      forward: ({ c1, c2, c3, c4, f1, out }, x) => {
        const p1 = maxPool(convRelu(convRelu(x, c1), c2));
        const p2 = maxPool(convRelu(convRelu(p1, c3), c4));
        return linear(nn.relu(linear(p2.reshape([-1, 4096]), f1)), out);
      },
      loss: crossEntropy,
      optimizer: 'adam',
    },
  };
}

/** `start` gives an optimizer's state of a tree of parameters, `update` the new parameters and state. */
function optimizers({ tree, numpy: np }) {
  const zeros = (parameters) => tree.map((p) => np.zeros(p.shape), parameters);
  const move = (parameters, direction, rate) =>
    tree.map((p, d) => p.sub(d.mul(rate)), parameters, direction);
  return {
    sgd: {
      start: () => ({}),
      update: (parameters, gradients, state) => [move(parameters, gradients, 0.01), state],
    },
    momentum: {
      start: (parameters) => ({ v: zeros(parameters) }),
      update: (parameters, gradients, { v }) => {
        const moved = tree.map((v, g) => v.mul(0.9).add(g), v, gradients);
        return [move(parameters, tree.ref(moved), 0.01), { v: moved }];
      },
    },
    adam: {
      start: (parameters) => ({ m: zeros(parameters), v: zeros(parameters), t: np.array(0) }),
      update: (parameters, gradients, { m, v, t }) => {
        const next = t.add(1);
        const first = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), m, tree.ref(gradients));
        const second = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), v, gradients);
        const correct = (decay) => np.array(1).sub(np.exp(next.ref.mul(Math.log(decay))));
        const [c1, c2] = [correct(0.9), correct(0.999)];
        const direction = tree.map(
          (m, v) => m.div(c1.ref).div(np.sqrt(v.div(c2.ref)).add(1e-8)),
          tree.ref(first),
          tree.ref(second),
        );
        tree.dispose([c1, c2]);
        return [move(parameters, direction, 0.0001), { m: first, v: second, t: next }];
      },
    },
  };
}

async function prepareProduct({ jit, numpy: np }, { m, k, n }) {
  const [left, right] = [normals(m * k), normals(k * n)];
  const [a, b] = [np.array(left).reshape([m, k]), np.array(right).reshape([k, n])];
  const product = jit((a, b) => np.matmul(a, b));
  await Promise.all([a.blockUntilReady(), b.blockUntilReady()]);
  const call = async () => {
    const c = product(a.ref, b.ref);
    await c.blockUntilReady();
    c.dispose();
  };
  const check = () => checkProduct({ m, k, n }, left, right, product(a.ref, b.ref).dataSync());
  return { call, check };
}

async function prepareInference(jax, batch) {
  const { forward, parameters } = models(jax).lenet5;
  const weights = toTree(jax, parameters());
  const images = jax.numpy.array(normals(batch * 1024)).reshape([batch, 1, 32, 32]);
  await images.blockUntilReady();
  const predict = jax.jit(forward);
  const call = () => predict(jax.tree.ref(weights), images.ref).data();
  return { call, check: async () => checkFinite((await call())[0], 'a logit') };
}

async function prepareTraining(jax, name, batch) {
  const { numpy: np, tree } = jax;
  const model = models(jax)[name];
  if (!model)
    throw new Error(
      `${name} is not written for jax-js, whose lenet5-b64 takes half a second a step`,
    );
  const { start, update } = optimizers(jax)[model.optimizer];
  let parameters = toTree(jax, model.parameters());
  let state = start(parameters);
  const samples = np.array(normals(batch * size(model.input))).reshape([batch, ...model.input]);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % CLASSES);
  const targets = jax.nn.oneHot(np.array(labels, { dtype: np.int32 }), CLASSES);
  const lossOf = (parameters, x, y) => model.loss(model.forward(parameters, x), y).mul(1 / batch);
  const step = jax.jit((parameters, state, x, y) => {
    const [loss, gradients] = jax.valueAndGrad(lossOf)(tree.ref(parameters), x, y);
    const [moved, next] = update(parameters, gradients, state);
    return [loss, moved, next];
  });
  let loss;
  const call = async () => {
    loss?.dispose();
    [loss, parameters, state] = step(parameters, state, samples.ref, targets.ref);
    await jax.blockUntilReady([loss, parameters, state]);
  };
  return { call, check: async () => checkFinite((await loss.data())[0], 'the loss') };
}

await runPeer(NAME, import.meta.url, async (workload, threads) => {
  if (threads > 1)
    throw new Error('jax-js has threads where there is a global Worker: not in Node');
  const jax = await import(NAME);
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const product = productOf(workload);
  if (product) return prepareProduct(jax, product);
  const batch = inferenceOf(workload);
  if (batch) return prepareInference(jax, batch);
  const { model, batch: count } = trainingOf(workload) ?? { model: 'lenet5', batch: 64 };
  const prepared = await prepareTraining(jax, model, count);
  await prepared.call();
  return prepared;
});
