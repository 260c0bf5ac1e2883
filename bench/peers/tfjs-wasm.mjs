// TensorFlow.js's WebAssembly backend: node tfjs-wasm.mjs WORKLOAD THREADS SECONDS. Kernels run when they
// are called, in this thread, so nothing has to be read back to have been computed.
import {
  checkFinite,
  checkProduct,
  lenet5Parameters,
  normals,
  runPeer,
  versionOf,
} from './lib/measure.mjs';
import { inferenceOf, productOf, trainingOf } from './lib/workloads.mjs';

const NAME = '@tensorflow/tfjs-backend-wasm';
const CLASSES = 10;

/** Random weights and zero biases of dense layers. */
const dense = (tf, inputs, outputs) => [
  tf.variable(tf.tensor(normals(inputs * outputs, 1 / Math.sqrt(3 * inputs)), [inputs, outputs])),
  tf.variable(tf.zeros([outputs])),
];

/** LeNet-5's parameters in TensorFlow's layouts: HWIO and inputs × outputs. */
function lenet5Variables(tf) {
  const entries = Object.entries(lenet5Parameters()).map(([name, { w, b, shape }]) => {
    const order = shape.length === 4 ? [2, 3, 1, 0] : [1, 0];
    const weights = tf.transpose(tf.tensor(w, shape), order);
    return [name, [tf.variable(weights), tf.variable(tf.tensor(b))]];
  });
  return Object.fromEntries(entries);
}

/** The logits of NHWC images; layers as fused as TensorFlow.js has them. */
function lenet5(tf, { c1, c3, c5, f6, out }, images) {
  const conv = (x, [filter, bias]) =>
    tf.tanh(tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'valid' }));
  const linear = (a, [b, bias]) => tf.fused.matMul({ a, b, bias });
  const s2 = tf.avgPool(conv(images, c1), 2, 2, 'valid');
  const s4 = tf.avgPool(conv(s2, c3), 2, 2, 'valid');
  const a5 = tf.tanh(linear(tf.reshape(s4, [-1, 400]), c5));
  return linear(tf.tanh(linear(a5, f6)), out);
}

function prepareProduct(tf, { m, k, n }) {
  const [left, right] = [normals(m * k), normals(k * n)];
  const [a, b] = [tf.tensor(left, [m, k]), tf.tensor(right, [k, n])];
  return {
    call: () => tf.matMul(a, b).dispose(),
    check: () => checkProduct({ m, k, n }, left, right, tf.matMul(a, b).dataSync()),
  };
}

function prepareInference(tf, batch) {
  const variables = lenet5Variables(tf);
  const images = tf.tensor(normals(batch * 1024), [batch, 32, 32, 1]);
  const logits = () => tf.tidy(() => lenet5(tf, variables, images).dataSync());
  return { call: logits, check: () => checkFinite(logits()[0], 'a logit') };
}

function prepareTraining(tf, model, batch) {
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: batch }, (_, i) => i % CLASSES),
      'int32',
    ),
    CLASSES,
  );
  const losses = {
    mlp() {
      const samples = tf.tensor(normals(batch * 784), [batch, 784]);
      const [w1, b1] = dense(tf, 784, 100);
      const [w2, b2] = dense(tf, 100, CLASSES);
      return () => {
        const hidden = tf.sigmoid(tf.fused.matMul({ a: samples, b: w1, bias: b1 }));
        const outputs = tf.fused.matMul({ a: hidden, b: w2, bias: b2 });
        return tf.div(tf.sum(tf.square(tf.sub(outputs, labels))), batch);
      };
    },
    lenet5() {
      const variables = lenet5Variables(tf);
      const samples = tf.tensor(normals(batch * 1024), [batch, 32, 32, 1]);
      return () => tf.losses.softmaxCrossEntropy(labels, lenet5(tf, variables, samples));
    },
  };
  // The other models are convolutions too, and stop at the same missing kernel.
  const loss = losses[model === 'mlp' ? 'mlp' : 'lenet5']();
  const optimizer = model === 'mlp' ? tf.train.sgd(0.01) : tf.train.momentum(0.01, 0.9);
  const step = () => optimizer.minimize(loss, true);
  return {
    call: () => step().dispose(),
    check: () => checkFinite(step().dataSync()[0], 'the loss'),
  };
}

await runPeer(NAME, import.meta.url, async (workload, threads) => {
  if (threads > 1) throw new Error('TensorFlow.js starts no threads in Node');
  const tf = await import('@tensorflow/tfjs');
  await import(NAME);
  await tf.setBackend('wasm');
  if (versionOf('@tensorflow/tfjs', import.meta.url) !== versionOf(NAME, import.meta.url))
    throw new Error('tfjs and tfjs-backend-wasm differ in version');
  const product = productOf(workload);
  if (product) return prepareProduct(tf, product);
  const batch = inferenceOf(workload);
  if (batch) return prepareInference(tf, batch);
  const { model, batch: size } = trainingOf(workload) ?? { model: 'lenet5', batch: 64 };
  const prepared = prepareTraining(tf, model, size);
  prepared.call();
  return prepared;
});
