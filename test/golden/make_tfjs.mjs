// Makes test/golden/tfjs: layers models as tfjs 4.22 saves them, with what tfjs answers before it saves.
//
//   node test/golden/make_tfjs.mjs FOLDER    a folder with node_modules/@tensorflow/tfjs
//
// All numbers are of a counter, so that the files are the same each time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? '.');
const tf = createRequire(`${folder}/package.json`)('@tensorflow/tfjs');
const { layers } = tf;
const target = new URL('tfjs/', import.meta.url);
mkdirSync(target, { recursive: true });

let state = 1;
/** The next number of a linear congruence, in [low, high). */
function next(low, high) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return low + (state / 2 ** 32) * (high - low);
}

const numbers = (shape, low = -1, high = 1) =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next(low, high)),
    shape,
  );

/** Weights that no initialiser gives: variances are above 0, and nothing is at its default. */
function setWeights(model) {
  const all = model.weights.map(({ name, shape }) =>
    /variance|gamma/.test(name) ? numbers(shape, 0.5, 1.5) : numbers(shape, -0.7, 0.7),
  );
  // A model's weights are set in the order of getWeights, which is that of model.weights.
  model.setWeights(all);
}

const base64 = (data) =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

const BYTES = { uint8: 1, uint16: 2, float16: 2 };

/** The bits of the nearest float16; values here are small and normal. */
function half(value) {
  const [bits] = new Uint32Array(Float32Array.of(value).buffer);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent <= 0) return sign;
  return sign | ((exponent << 10) + ((bits & 0x7fffff) >>> 13));
}

function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A weight quantised as tensorflowjs_converter does, with the values that it stands for. */
function quantise(values, dtype) {
  if (dtype === 'float16') {
    const stored = Uint16Array.from(values, half);
    return { stored, quantization: { dtype }, values: Float32Array.from(stored, fromHalf) };
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const most = dtype === 'uint8' ? 255 : 65535;
  const scale = high === low ? 1 : (high - low) / most;
  const codes = Array.from(values, (value) => Math.round((value - low) / scale));
  const stored = dtype === 'uint8' ? Uint8Array.from(codes) : Uint16Array.from(codes);
  return {
    stored,
    quantization: { min: low, scale, dtype, original_dtype: 'float32' },
    values: Float32Array.from(codes, (code) => code * scale + low),
  };
}

/** Writes a model with what it answers. `shards` is the bytes of each file; `types` quantises weights in turn. */
async function save(name, model, inputs, { shards = Infinity, types, groups = 1 } = {}) {
  setWeights(model);
  let artifacts;
  const handler = {
    save: async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  };
  await model.save(tf.io.withSaveHandler(handler.save));
  const data = new Uint8Array(artifacts.weightData);
  let at = 0;
  const stored = artifacts.weightSpecs.map((spec, i) => {
    const count = spec.shape.reduce((a, b) => a * b, 1);
    const values = new Float32Array(data.slice(at, (at += count * 4)).buffer);
    if (!types) return { spec, bytes: new Uint8Array(values.buffer), values };
    const quantised = quantise(values, types[i % types.length]);
    const { buffer } = quantised.stored;
    return {
      spec: { ...spec, quantization: quantised.quantization },
      bytes: new Uint8Array(buffer, 0, count * BYTES[types[i % types.length]]),
      values: quantised.values,
    };
  });
  if (types) {
    // tfjs answers with the values that the quantised ones stand for, set by name.
    const found = new Map(stored.map(({ spec, values }) => [spec.name, values]));
    model.setWeights(model.weights.map(({ name: one, shape }) => tf.tensor(found.get(one), shape)));
  }
  const files = {};
  const manifest = [];
  const size = Math.ceil(stored.length / groups);
  for (let g = 0; g < groups; g++) {
    const group = stored.slice(g * size, (g + 1) * size);
    const run = Buffer.concat(group.map(({ bytes }) => bytes));
    const count = Math.max(1, Math.ceil(run.length / shards));
    const paths = [];
    for (let k = 0; k < count; k++) {
      const path = `group${g + 1}-shard${k + 1}of${count}.bin`;
      paths.push(path);
      files[path] = run
        .subarray(k * shards, Math.min(run.length, (k + 1) * shards))
        .toString('base64');
      if (shards === Infinity) files[path] = run.toString('base64');
    }
    manifest.push({ paths, weights: group.map(({ spec }) => spec) });
  }
  const given = inputs.map((one) => (Array.isArray(one) ? numbers(one) : one));
  const answers = [model.predict(given.length === 1 ? given[0] : given)].flat();
  const { modelTopology, format, generatedBy, convertedBy } = artifacts;
  const text = JSON.stringify({
    model: { modelTopology, format, generatedBy, convertedBy, weightsManifest: manifest },
    files,
    inputs: given.map((one) => ({
      shape: one.shape,
      values: base64(Float32Array.from(one.dataSync())),
    })),
    outputs: answers.map((one) => ({ shape: one.shape, values: base64(one.dataSync()) })),
  });
  writeFileSync(new URL(`${name}.json`, target), `${text}\n`);
  console.log(name, text.length, artifacts.weightSpecs.length, 'weights');
}

const tokens = (count, steps, vocabulary) =>
  tf.tensor(
    Array.from({ length: count * steps }, () => Math.floor(next(0, vocabulary))),
    [count, steps],
  );

const dense = (units, activation, more = {}) => layers.dense({ units, activation, ...more });

await save(
  'dense',
  tf.sequential({
    layers: [
      dense(6, 'relu', { inputShape: [4], kernelRegularizer: 'l1l2' }),
      dense(5, 'tanh', { useBias: false }),
      layers.dropout({ rate: 0.25 }),
      dense(4, 'selu'),
      dense(3, 'softmax'),
    ],
  }),
  [[5, 4]],
);

await save(
  'conv',
  tf.sequential({
    layers: [
      layers.conv2d({ inputShape: [9, 8, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({
        filters: 5,
        kernelSize: [3, 2],
        strides: 2,
        padding: 'same',
        useBias: false,
      }),
      layers.activation({ activation: 'elu' }),
      layers.conv2d({ filters: 3, kernelSize: 2, padding: 'same', dilationRate: 2 }),
      layers.flatten(),
      layers.dropout({ rate: 0.5 }),
      dense(7, 'relu'),
      dense(4, 'softmax'),
    ],
  }),
  [[3, 9, 8, 3]],
);

await save(
  'batch-norm',
  tf.sequential({
    layers: [
      layers.conv2d({ inputShape: [6, 6, 2], filters: 3, kernelSize: 3, useBias: false }),
      layers.batchNormalization(),
      layers.reLU(),
      layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', trainable: false }),
      layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5, scale: false }),
      layers.flatten(),
      layers.batchNormalization({ center: false, scale: false }),
      dense(5),
      layers.batchNormalization(),
      dense(2, 'sigmoid'),
    ],
  }),
  [[4, 6, 6, 2]],
);

await save(
  'mobile',
  tf.sequential({
    layers: [
      layers.zeroPadding2d({
        inputShape: [9, 9, 3],
        padding: [
          [0, 1],
          [0, 1],
        ],
      }),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2 }),
      layers.reLU({ maxValue: 6 }),
      layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu6' }),
      layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, useBias: false }),
      layers.globalAveragePooling2d({}),
      dense(3, 'softmax'),
    ],
  }),
  [[2, 9, 9, 3]],
);

await save(
  'pooling',
  tf.sequential({
    layers: [
      layers.maxPooling2d({ inputShape: [14, 15, 2], poolSize: 2, strides: 1, padding: 'same' }),
      layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
      layers.maxPooling2d({ poolSize: 4, strides: 1, padding: 'same' }),
      layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
      layers.maxPooling2d({ poolSize: [3, 2], strides: 2, padding: 'same' }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 6, kernelSize: 1 }),
      layers.globalMaxPooling2d({}),
      dense(2),
    ],
  }),
  [[2, 14, 15, 2]],
);

await save(
  'lstm',
  tf.sequential({
    layers: [
      layers.lstm({ inputShape: [5, 3], units: 4, returnSequences: true }),
      layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'tanh' }) }),
      layers.lstm({ units: 5, recurrentActivation: 'sigmoid', useBias: false }),
      dense(2, 'linear'),
    ],
  }),
  [[3, 5, 3]],
);

await save(
  'gru',
  tf.sequential({
    layers: [
      layers.gru({ inputShape: [6, 2], units: 3, returnSequences: true }),
      layers.gru({ units: 4, recurrentActivation: 'sigmoid' }),
      dense(3, 'softmax'),
    ],
  }),
  [[3, 6, 2]],
);

{
  const input = tf.input({ shape: [5, 3] });
  const both = layers
    .bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }), mergeMode: 'concat' })
    .apply(input);
  const sums = layers
    .bidirectional({ layer: layers.gru({ units: 3, returnSequences: true }), mergeMode: 'sum' })
    .apply(both);
  const ends = ['concat', 'ave', 'mul'].map((mergeMode) =>
    layers.bidirectional({ layer: layers.simpleRNN({ units: 2 }), mergeMode }).apply(sums),
  );
  const output = dense(2).apply(layers.concatenate().apply(ends));
  await save('bidirectional', tf.model({ inputs: input, outputs: output }), [[2, 5, 3]]);
}

{
  const [image, vector] = [
    tf.input({ shape: [6, 5, 2], name: 'image' }),
    tf.input({ shape: [3], name: 'vector' }),
  ];
  const conv = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', name: 'shared' });
  const once = conv.apply(image);
  const twice = conv.apply(once);
  const sum = layers.add({ name: 'sum' }).apply([image, twice]);
  const side = layers
    .concatenate({ axis: 3 })
    .apply([sum, once, layers.maximum().apply([once, twice])]);
  const rows = layers.concatenate({ axis: 1 }).apply([side, side]);
  const parts = [
    layers.average().apply([image, twice, once]),
    layers.multiply().apply([image, once]),
    layers.minimum().apply([image, once]),
  ];
  const flat = layers.flatten().apply(layers.concatenate().apply(parts));
  const joined = layers.concatenate().apply([flat, layers.flatten().apply(rows), vector]);
  const outputs = [
    dense(3, 'softmax', { name: 'kind' }).apply(joined),
    dense(1, 'sigmoid', { name: 'yes' }).apply(layers.flatten().apply(sum)),
  ];
  await save('merge', tf.model({ inputs: [image, vector], outputs }), [
    [2, 6, 5, 2],
    [2, 3],
  ]);
}

const small = () =>
  tf.sequential({
    layers: [
      layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.batchNormalization(),
      layers.flatten(),
      dense(5, 'relu'),
      dense(3, 'softmax'),
    ],
  });
await save('quantised', small(), [[3, 6, 6, 2]], { types: ['uint8', 'uint16', 'float16'] });
// A weight begins in one file and ends in the next; the last file is the smallest.
await save('sharded', small(), [[3, 6, 6, 2]], { shards: 301, groups: 2 });

await save(
  'text',
  tf.sequential({
    layers: [
      layers.embedding({ inputDim: 20, outputDim: 4, inputLength: 8 }),
      layers.spatialDropout1d({ rate: 0.2 }),
      layers.conv1d({
        filters: 5,
        kernelSize: 3,
        padding: 'same',
        dilationRate: 2,
        activation: 'relu',
      }),
      layers.maxPooling1d({ poolSize: 2 }),
      layers.conv1d({ filters: 4, kernelSize: 2, padding: 'same', strides: 2 }),
      layers.batchNormalization(),
      layers.averagePooling1d({ poolSize: 2, padding: 'same', strides: 1 }),
      layers.flatten(),
      dense(4),
      dense(1, 'sigmoid'),
    ],
  }),
  [tokens(3, 8, 20)],
);

{
  const input = tf.input({ shape: [8] });
  const words = layers.embedding({ inputDim: 15, outputDim: 3 }).apply(input);
  const mean = layers.globalAveragePooling1d({}).apply(words);
  const most = layers.globalMaxPooling1d({}).apply(words);
  const output = dense(3, 'softmax').apply(layers.concatenate().apply([mean, most]));
  await save('words', tf.model({ inputs: input, outputs: output }), [tokens(4, 8, 15)]);
}

await save(
  'generator',
  tf.sequential({
    layers: [
      dense(24, 'linear', { inputShape: [5] }),
      layers.leakyReLU({ alpha: 0.2 }),
      layers.reshape({ targetShape: [2, 3, 4] }),
      layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.batchNormalization(),
      layers.conv2dTranspose({
        filters: 3,
        kernelSize: 2,
        strides: 3,
        padding: 'valid',
        activation: 'relu',
      }),
      layers.conv2dTranspose({
        filters: 2,
        kernelSize: 4,
        strides: 2,
        padding: 'same',
        useBias: false,
      }),
      layers.upSampling2d({ size: [2, 1] }),
      layers.cropping2D({
        cropping: [
          [1, 2],
          [3, 0],
        ],
      }),
      layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', activation: 'tanh' }),
    ],
  }),
  [[2, 5]],
);

{
  const block = tf.sequential({
    name: 'block',
    layers: [
      layers.conv2d({
        inputShape: [6, 6, 2],
        filters: 2,
        kernelSize: 3,
        padding: 'same',
        name: 'c',
      }),
      layers.batchNormalization({ name: 'n' }),
    ],
  });
  const head = tf.input({ shape: [72], name: 'features' });
  const classifier = tf.model({
    name: 'classifier',
    inputs: head,
    outputs: dense(3, 'softmax', { name: 'out' }).apply(
      dense(4, 'relu', { name: 'hidden' }).apply(head),
    ),
  });
  const input = tf.input({ shape: [6, 6, 2] });
  const output = classifier.apply(layers.flatten().apply(block.apply(block.apply(input))));
  await save('nested', tf.model({ inputs: input, outputs: output }), [[2, 6, 6, 2]]);
}

await save(
  'shapes',
  tf.sequential({
    layers: [
      layers.permute({ inputShape: [4, 6, 3], dims: [2, 3, 1] }),
      layers.layerNormalization(),
      layers.prelu({ sharedAxes: [1, 2] }),
      layers.conv2d({ filters: 4, kernelSize: 2 }),
      layers.prelu({}),
      layers.layerNormalization({ axis: [1, 2, 3], epsilon: 1e-5 }),
      layers.reshape({ targetShape: [5, 8] }),
      dense(5, 'softplus'),
      layers.elu(),
      layers.permute({ dims: [2, 1] }),
      layers.globalMaxPooling1d({}),
      layers.repeatVector({ n: 3 }),
      layers.simpleRNN({ units: 4, activation: 'relu' }),
      dense(3, 'softmax'),
    ],
  }),
  [[2, 4, 6, 3]],
);

{
  const input = tf.input({ shape: [6] });
  const names = [
    'elu',
    'gelu',
    'gelu_new',
    'hardSigmoid',
    'logSoftmax',
    'mish',
    'relu6',
    'selu',
    'softplus',
    'softsign',
    'swish',
  ];
  const scaled = dense(4, 'linear').apply(input);
  const ends = names.map((activation) => layers.activation({ activation }).apply(scaled));
  const output = dense(3, 'linear').apply(layers.concatenate().apply(ends));
  await save('activations', tf.model({ inputs: input, outputs: output }), [[4, 6]]);
}

{
  // Settings by which a model is read wrong if they are taken for what they look like.
  const [image, vector] = [tf.input({ shape: [2, 4, 3] }), tf.input({ shape: [12] })];
  const slopes = layers.prelu({ sharedAxes: [1, 2] }).apply(image);
  const norm = layers.batchNormalization();
  const wide = layers.depthwiseConv2d({ kernelSize: 2, dilationRate: 2, padding: 'same' });
  const ends = [
    norm.apply(layers.flatten().apply(layers.averagePooling2d({ poolSize: [1, 2] }).apply(slopes))),
    norm.apply(vector),
    layers.flatten().apply(wide.apply(image)),
  ].map((end) => dense(3, 'tanh').apply(end));
  const model = tf.model({ inputs: [vector, image], outputs: layers.add().apply(ends) });
  await save('traps', model, [
    [3, 12],
    [3, 2, 4, 3],
  ]);
}

await save(
  'channels-first',
  tf.sequential({
    layers: [
      layers.prelu({ inputShape: [4, 3] }),
      layers.flatten({ dataFormat: 'channelsFirst' }),
      dense(2, 'linear'),
    ],
  }),
  [[3, 4, 3]],
);
