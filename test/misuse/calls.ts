/**
 * One right call of every public function, from which the wrong ones are made. `options` marks where an object of
 * options stands that may be left out.
 */
import { fileURLToPath } from 'node:url';
import * as archives from '../../src/data/published-archives.js';
import * as published from '../../src/data/published.js';
import * as L from '../../src/index.js';
import { lab, lines, randomNumbers, runLab } from '../../src/lab/index.js';
import { loadProgram } from '../../src/inference/index.js';
import { writeOnnx } from '../../src/onnx/index.js';
import { calibrate, encodeQuantized, quantize } from '../../src/quantize/index.js';
import * as rules from '../../src/optimizers/rules.js';

export type Args = readonly unknown[];

const curve = { x: [1, 2], y: [3, 4] };
const chart = { title: 'a', x: { name: 'x' }, y: { name: 'y' } };
const tiny = lab({
  name: 'tiny',
  group: 'Practice',
  title: 'a',
  about: 'a',
  papers: [],
  settings: {},
  settingsAbout: {},
  small: {},
  run: () => ({
    figures: [{ name: 'a', value: 1 }],
    pictures: [lines({ ...chart, series: [{ name: 'a', ...curve }] })],
    evidence: ['a'],
    conclusion: 'a',
  }),
});
const tinyResult = await runLab(tiny);

const picture = fileURLToPath(new URL('../../../docs/labs/localisation.png', import.meta.url));

const random = randomNumbers(1);
const bytes = new Uint8Array(4 * 64);
const images = {
  name: 'images',
  shape: [1, 8, 8] as const,
  classes: ['a', 'b'],
  samples: bytes,
  labels: Uint8Array.of(0, 1, 0, 1),
};
const table = {
  name: 'table',
  inputs: { input: { shape: [2], values: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7) } },
  targets: { output: { shape: [], values: Uint8Array.of(0, 1, 0, 1) } },
};
const model = L.sequential([L.linear(2, 3), L.relu(), L.linear(3, 2)], { input: [2] });
const weights = new Map(
  model.parameters.map(({ name, shape }) => [
    name,
    new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
  ]),
);
const trained = L.withWeights(model, weights);
const quantized = await quantize(trained, table);
const calibration = JSON.parse(JSON.stringify(await calibrate(trained, table))) as object;
const wire = L.input([4, 8, 8]);
const conv = L.conv2d(1, 2, 3);
const picturesModel = L.sequential([L.flatten(), L.linear(64, 2)], { input: [1, 8, 8] });
const file = L.encodeModel(trained);
const tokens = L.sequential([L.embedding(2, 3), L.linear(3, 2)], { input: [4], vocabulary: 2 });
const writer = L.withWeights(
  tokens,
  new Map(
    tokens.parameters.map(({ name }) => [
      name,
      new Float32Array(name.startsWith('0') ? 6 : name.endsWith('bias') ? 2 : 6),
    ]),
  ),
);
const rowsInTime = { y: Float32Array.from({ length: 20 }, (_, i) => i) };
const series = await L.seriesDataset(rowsInTime, { target: 'y', window: 2 });
const forecasting = L.withWeights(
  L.forecaster({ window: 2 }),
  new Map([
    ['linear.weight', new Float32Array(2)],
    ['linear.bias', new Float32Array(1)],
  ]),
);
const forecaster = { ...forecasting, series: series.series };
const stream = {
  name: 'stream',
  shape: [1, 1, 2] as const,
  classes: ['a', 'b'],
  length: 2,
  type: 'float32' as const,
  *open() {
    yield { values: Float32Array.of(1, 2), label: 0 };
    yield { values: Float32Array.of(3, 4), label: 1 };
  },
};
const matrix = {
  classes: ['a', 'b'],
  counts: [
    [1, 2],
    [0, 1],
  ],
};
const labels = [0, 1, 1, 0];
const scores = [0.2, 0.9, 0.6, 0.4];
const settings = { data: table, optimizer: L.sgd({ lr: 0.1 }), epochs: 1, workers: 0 };
const options = {};
const missing = '/nowhere/at/all';
/** Of a receipt of no steps. */
const party = {
  run: '00'.repeat(32),
  every: 64,
  steps: 0,
  entry: async () => ({
    step: 0,
    digest: '00'.repeat(16),
    loss: 0,
    epoch: 0,
    place: 0,
    samples: '00'.repeat(8),
    state: '00'.repeat(32),
    chain: '00'.repeat(32),
  }),
};

const program = await loadProgram(L.encodeProgram(trained));
const forecastingProgram = await loadProgram(L.encodeProgram(forecaster as typeof trained));
const seeing = L.withWeights(
  L.sequential([L.flatten(), L.linear(64, 2)], { input: [1, 8, 8] }),
  new Map([
    ['1.weight', new Float32Array(128)],
    ['1.bias', new Float32Array(2)],
  ]),
);
const unsure = L.withWeights(
  L.sequential([L.linear(1, 3)], { input: [1] }),
  new Map([
    ['0.weight', new Float32Array(3)],
    ['0.bias', new Float32Array(3)],
  ]),
  { loss: L.quantile() },
);
const counted = {
  name: 'counted',
  inputs: { input: { shape: [1], values: Float32Array.from({ length: 10 }, (_, i) => i) } },
  targets: { output: { shape: [1], values: Float32Array.from({ length: 10 }, (_, i) => i) } },
};
const together = L.ensemble([seeing, seeing]);
const two = Float32Array.of(1, 2);
const stepper = await L.createStepper(model, { optimizer: settings.optimizer, workers: 0 });
const steps = { inputs: new Float32Array(4), labels: [0, 1] };
const { gradients } = await stepper.gradients(steps);

/** Methods of what the package makes, by the names of their calls below. */
export const methods: Readonly<Record<string, unknown>> = {
  'trained.predict': trained.predict,
  'trained.evaluate': trained.evaluate,
  'ensemble.predict': together.predict,
  'ensemble.evaluate': together.evaluate,
  'program.predict': program.predict,
  'stepper.step': stepper.step,
  'stepper.gradients': stepper.gradients,
  'stepper.apply': stepper.apply,
  'stepper.loss': stepper.loss,
  'stepper.predict': stepper.predict,
  'stepper.setWeights': stepper.setWeights,
};

const none: Args = [options];
const loss: Args = [options];

/** Objects that are no options: what is in them is made by the package. */
export const noOptions = new Set<unknown>([
  random,
  forecaster,
  forecastingProgram,
  wire,
  rowsInTime,
  trained,
  unsure,
  writer,
  matrix,
  party,
  model.architecture,
]);

/** Data sets, whose fields checkDataset checks for all that take one. */
export const dataSets = new Set<unknown>([images, table, stream, series]);

/** A dense layer of 2×2 weights and a bias, as tfjs writes it. */
const tfjsModel = JSON.stringify({
  modelTopology: {
    class_name: 'Sequential',
    config: [
      { class_name: 'Dense', config: { name: 'd', units: 2, batch_input_shape: [null, 2] } },
    ],
  },
  weightsManifest: [
    {
      paths: ['weights.bin'],
      weights: [
        { name: 'd/kernel', shape: [2, 2], dtype: 'float32' },
        { name: 'd/bias', shape: [2], dtype: 'float32' },
      ],
    },
  ],
});

/** By name; those of namespaces with it before them: `schedule.cosine`. */
export const calls: Readonly<Record<string, Args>> = {
  ...Object.fromEntries(Object.keys(rules).map((name) => [name, [{ lr: 0.1 }]])),
  ema: none,
  swa: none,
  'schedule.cosine': none,
  'schedule.oneCycle': none,
  'schedule.polynomial': none,
  'schedule.reduceOnPlateau': none,
  'schedule.exponential': [{ gamma: 0.9 }],
  'schedule.step': [{ every: 2 }],
  'schedule.warmup': [3, 'constant', options],
  crossEntropy: loss,
  hinge: loss,
  klDivergence: loss,
  mapCriterion: loss,
  l1: loss,
  gaussian: loss,
  huber: loss,
  quantile: loss,
  smoothL1: loss,
  squaredError: loss,
  meanSquaredError: loss,
  binaryCrossEntropy: loss,
  binaryCrossEntropyWithLogits: loss,
  binaryHinge: loss,
  cosine: loss,
  distillation: loss,
  'initializers.constant': [1],
  'initializers.uniform': [0, 1],
  'initializers.normal': [0, 1],
  'initializers.truncatedNormal': [0, 1, 2],
  'initializers.values': [[1, 2]],
  'initializers.gainOf': ['relu'],
  'initializers.xavierUniform': none,
  'initializers.xavierNormal': none,
  'initializers.glorotUniform': none,
  'initializers.glorotNormal': none,
  'initializers.heUniform': none,
  'initializers.heNormal': none,
  'initializers.kaimingUniform': none,
  'initializers.kaimingNormal': none,
  'initializers.orthogonal': none,
  'initializers.randomWalk': none,
  'initializers.lecunNormal': [],
  'initializers.lecunUniform': [],
  alexNet: none,
  deepFace: none,
  denoisingAutoencoder: none,
  googLeNet: none,
  lenet1: none,
  lenet5: none,
  lenet5Original: none,
  mlp: none,
  networkInNetwork: none,
  resNet18: none,
  resNet34: none,
  resNet50: none,
  resNet101: none,
  resNet152: none,
  resnet20: none,
  seResNet: none,
  smallInception: none,
  smallSeNet: none,
  smallVgg: none,
  srcnn: none,
  tabular: [{ features: 2, outputs: 2 }],
  unet: none,
  vgg11: none,
  vgg13: none,
  vgg16: none,
  vgg19: none,
  zfNet: none,
  charRnn: [{ vocabulary: 5 }],
  textClassifier: [{ features: 4 }],
  charLstm: [{ vocabulary: 5 }],
  gpt: [{ vocabulary: 5 }],
  adaptiveAvgPool2d: [2],
  adaptiveMaxPool2d: [2],
  avgPool1d: [2, options],
  avgPool2d: [2, options],
  batchNorm1d: [4, options],
  batchNorm2d: [4, options],
  block: [{ conv }, ({ conv }: { conv: L.Layer }, x: L.Wire) => conv(x)],
  chain: [[L.relu()]],
  concat: none,
  connectedConv2d: [2, [[0], [0, 1]], 3, options],
  conv1d: [2, 2, 3, options],
  conv2d: [2, 2, 3, options],
  convTranspose2d: [2, 2, 3, options],
  depthwiseConv2d: [2, 3, options],
  dropout: [0.5],
  dropout2d: [0.5],
  elu: none,
  embedding: [10, 4, options],
  gelu: none,
  groupNorm: [2, 4, options],
  gru: [4, 4, options],
  hardTanh: none,
  instanceNorm2d: [4, options],
  layerNorm: [4, options],
  leakyRelu: none,
  linear: [4, 4, options],
  localResponseNorm: [5, options],
  locallyConnected2d: [2, 2, 3, options],
  lstm: [4, 4, options],
  maxPool1d: [2, options],
  maxPool2d: [2, options],
  mean: [1, options],
  max: [1, options],
  sum: [1, options],
  multiheadAttention: [4, 2, options],
  pad: [[[1, 1]], options],
  pad2d: [1, options],
  positionEmbedding: [8, 4, options],
  prelu: none,
  rbf: [4, 2, options],
  rescale: none,
  piecewiseLinear: [{ edges: [[0, 1]] }],
  smoothClip: none,
  residual: [[L.relu()], [], options],
  rmsNorm: [4, options],
  rnn: [4, 4, options],
  subsampling2d: [4, 2, options],
  permute: [[1, 0]],
  pixelShuffle: [2],
  pixelUnshuffle: [2],
  reshape: [[4, 64]],
  scale: [2],
  slice: [0, 1, 2],
  squeezeExcitation: [16, 4],
  transpose: [0, 1],
  upsample2d: [{ scale: 2 }],
  relu: none,
  sigmoid: none,
  tanh: none,
  scaledTanh: none,
  flatten: none,
  selu: none,
  silu: none,
  softplus: none,
  hardSigmoid: none,
  hardSwish: none,
  softmax: none,
  logSoftmax: none,
  stopGradient: none,
  globalAvgPool1d: none,
  globalAvgPool2d: none,
  globalMaxPool1d: none,
  globalMaxPool2d: none,
  add: [wire, wire],
  multiply: [wire, wire],
  subtract: [wire, wire],
  divide: [wire, wire],
  maximum: [wire, wire],
  defineLayer: ['mine', {}, (_: unknown, x: unknown) => x],
  registerLayer: ['misused', () => L.relu()],
  functional: [{ inputs: wire, outputs: L.conv2d(4, 2, 3)(wire) }],
  input: [[2], options],
  sequential: [[L.linear(2, 3)], { input: [2] }],
  parameterCount: [model],
  rebuild: [model.architecture],
  findLearningRate: [model, settings, options],
  sweep: [{ lr: [0.1] }, () => ({ model, settings }), { folder: missing }],
  arrays: [{ samples: [1, 2], labels: [0, 1] }],
  checkDataset: [table],
  classCounts: [images],
  classWeights: [images],
  withClassWeights: [images],
  withClasses: [images, ['a', 'b']],
  confusionMatrix: [labels, labels, ['a', 'b']],
  mostConfused: [matrix, 3],
  firstSamples: [images, 2],
  digits: [{ count: 2 }],
  split: [images, { fraction: 0.5 }],
  kFold: [images, 2, options],
  splitParts: [images, { validation: 0.25, test: 0.25 }],
  subset: [images, [0, 1]],
  impute: [
    { ...table, table: { columns: ['a', 'b'].map((name) => ({ name, type: 'number' as const })) } },
  ],
  standardize: [table, 'input'],
  quantileEdges: [table, options],
  isStreamed: [images],
  streamOf: [stream],
  loadIntoMemory: [stream, options],
  transformed: [images, [L.transforms.invert()]],
  transformSamples: [[L.transforms.invert()], [1, 8, 8], bytes, options],
  encodeText: ['ab', ['a', 'b']],
  decodeText: [
    [0, 1],
    ['a', 'b'],
  ],
  vocabularyOf: ['ab'],
  textWindows: ['abababab', { length: 2 }],
  textDataset: [{ texts: ['a b', 'b c'], labels: ['x', 'y'] }],
  textFile: [Uint8Array.of(97, 98, 97, 98), { length: 2 }],
  readNpy: [Uint8Array.of(1)],
  npyDataset: [Uint8Array.of(1), Uint8Array.of(1), options],
  readNpz: [Uint8Array.of(1), options],
  npzDataset: [Uint8Array.of(1), options],
  idxDataset: [Uint8Array.of(1), Uint8Array.of(1), options],
  readMat: [Uint8Array.of(1), options],
  matDataset: [Uint8Array.of(1), options],
  readCsv: [new TextEncoder().encode('a,b\n1,2\n3,4\n'), options],
  csvDataset: [new TextEncoder().encode('a,b\n1,2\n3,4\n'), { target: 'b' }],
  fromPixels: [{ width: 1, height: 1, data: new Uint8Array(4) }, { size: 8 }],
  seriesDataset: [rowsInTime, { target: 'y', window: 1 }],
  csvSeries: [new TextEncoder().encode('y\n1\n2\n3\n'), { target: 'y', window: 1 }],
  splitSeries: [series, options],
  imageFolder: [missing, { size: 8 }],
  parquetDataset: [missing, { target: 'b' }],
  webDataset: [missing, { size: 8 }],
  ...Object.fromEntries(
    Object.keys({ ...published, ...archives }).map((name) => [name, [{ directory: missing }]]),
  ),
  'samplers.balanced': [images],
  'samplers.weighted': [[1, 2]],
  'samplers.shuffled': [],
  'samplers.sequential': [],
  train: [model, settings, options],
  trainEvents: [model, settings, options],
  createStepper: [model, { optimizer: settings.optimizer, batch: 4, workers: 0 }],
  withWeights: [model, weights, options],
  calibrateIntervals: [unsure, counted],
  gradientsOf: [model, weights, table, options],
  jacobianOf: [model, weights, table, options],
  initialWeights: [model, options],
  hessianOf: [model, weights, table, options],
  hessianVectorProduct: [model, weights, table, weights, options],
  lsuv: [model, table, options],
  encode: [trained, table, options],
  withTeacher: [trained, table, options],
  ensemble: [[trained]],
  replaceHead: [trained, { classes: 3 }],
  replaceLayer: [trained, '2', L.linear(3, 4)],
  featuresOf: [trained, '1'],
  generate: [writer, ['a', 'b'], 'ab', options],
  encodeModel: [trained],
  // Nobody listens there: a call that gets that far is refused by the network.
  'cluster.serveWorker': ['nats://127.0.0.1:1', options],
  'lab.lab': [tiny],
  'lab.wholeNumber': ['of layers', 1, 9],
  'lab.runLab': [tiny, { form: 'small' }],
  'lab.labPage': [tinyResult],
  'lab.randomNumbers': [1],
  'lab.denseForm': [picturesModel, [1, 8, 8], options],
  'lab.deadLeaves': [random, 8],
  'lab.drawImage': ['house', { size: 8 }],
  'lab.psnr': [
    [0, 1],
    [1, 1],
  ],
  'lab.precisionRecall': [
    [0, 1],
    [0.2, 0.7],
  ],
  'lab.readImage': [picture, options],
  'lab.operationsOf': [model],
  'lab.recordRuns': [
    {
      model,
      trained: 1,
      tested: 1,
      runs: [{ seed: 1, right: 1, weights: 'a'.repeat(64), seconds: 1 }],
    },
  ],
  'lab.eigh': [
    [
      [1, 0],
      [0, 1],
    ],
  ],
  'lab.singularValues': [[1, 2, 3, 4], 2, 2],
  'lab.lanczos': [(vector: Float64Array) => vector, [1, 1], { steps: 2 }],
  'lab.lines': [{ ...chart, series: [{ name: 'a', ...curve }] }],
  'lab.points': [{ ...chart, series: [{ name: 'a', ...curve }] }],
  'lab.bars': [
    { title: 'a', y: { name: 'y' }, groups: ['a'], series: [{ name: 'a', values: [1] }] },
  ],
  'lab.heatmap': [
    {
      title: 'a',
      x: { name: 'x', from: 0, to: 1 },
      y: { name: 'y', from: 0, to: 1 },
      rows: 2,
      columns: 2,
      values: [0, 1, 2, 3],
      scale: { name: 'value' },
    },
  ],
  'lab.images': [{ title: 'a', items: [{ pixels: bytes.subarray(0, 64), shape: [1, 8, 8] }] }],
  'lab.table': [{ title: 'a', columns: ['a'], rows: [[1]] }],
  'quantize.quantize': [trained, table, options],
  'quantize.calibrate': [trained, table, options],
  'quantize.encodeQuantized': [quantized],
  'quantize.decodeQuantized': [encodeQuantized(quantized), 'model'],
  'quantize.readCalibration': [calibration],
  'inference.loadQuantized': [encodeQuantized(quantized), options],
  'onnx.readOnnx': [writeOnnx(trained), options],
  'onnx.writeOnnx': [trained, options],
  decodeModel: [file, 'model'],
  decodeWeights: [model, file, 'file', options],
  decodePartialWeights: [model, file, 'file', options],
  encodeProgram: [trained, options],
  saveModel: [trained, `${missing}/model`],
  loadModel: [file],
  removeModel: ['indexeddb://model'],
  storedModels: [],
  loadWeights: [model, file, options],
  loadPartialWeights: [model, file, options],
  createProbe: [model, trained.terms, table],
  explainDivergence: [model, trained.terms, weights, table],
  init: none,
  verify: none,
  inspectRun: [trained, table, options],
  readMetrics: [missing],
  saveEvaluation: [missing, {}],
  writeReport: [missing],
  writeComparison: [[missing, missing], missing],
  watchRun: [missing, options],
  openReceipt: [missing],
  firstDifference: [party, party],
  settleDifference: [model, settings, { a: party, b: party }],
  stateAfter: [model, settings, { step: 1, file: missing }],
  auditRun: [model, settings, { folder: missing }],
  'metrics.accuracyScore': [labels, labels],
  'metrics.precisionScore': [labels, labels, options],
  'metrics.recallScore': [labels, labels, options],
  'metrics.f1Score': [labels, labels, options],
  'metrics.classificationReport': [labels, labels],
  'metrics.rocAucScore': [labels, scores],
  'metrics.averagePrecisionScore': [labels, scores],
  'metrics.topKAccuracyScore': [labels, [0.1, 0.9, 0.1, 0.9, 0.2, 0.8, 0.8, 0.2], options],
  'metrics.rocAucOneVsRest': [labels, [0.1, 0.9, 0.1, 0.9, 0.2, 0.8, 0.8, 0.2]],
  'metrics.logLoss': [labels, scores],
  'metrics.meanSquaredError': [scores, scores],
  'metrics.rootMeanSquaredError': [scores, scores],
  'metrics.meanAbsoluteError': [scores, scores],
  'metrics.medianAbsoluteError': [scores, scores],
  'metrics.meanAbsolutePercentageError': [scores, scores],
  'metrics.meanPinballLoss': [scores, scores, 0.5],
  'metrics.intervalCoverage': [scores, scores, scores],
  'metrics.meanIntervalWidth': [scores, scores],
  'metrics.regressionReport': [scores, scores],
  'metrics.r2Score': [scores, scores],
  'metrics.perplexity': [0.5],
  'metrics.bootstrap': [4, { mean: () => 1 }, { resamples: 2 }],
  'metrics.meanOver': [scores],
  'metrics.shareInterval': [labels, { resamples: 2 }],
  'metrics.brierScore': [labels, scores],
  'metrics.calibrationCurve': [labels, scores, options],
  'metrics.expectedCalibrationError': [labels, scores, options],
  'metrics.temperatureOf': [labels, scores],
  'metrics.atTemperature': [scores, 1, 2],
  'baselines.constant': [table, options],
  'baselines.linear': [table, options],
  'baselines.lastValue': none,
  'baselines.seasonal': [{ season: 2 }],
  'baselines.forecastFigures': [series, new Float32Array(18)],
  forecaster: [{ window: 4 }],
  forecast: [forecaster, rowsInTime],
  'transforms.affine': [options],
  'transforms.centerCrop': [4],
  'transforms.colorJitter': [options],
  'transforms.cropAt': [0, 0, 4],
  'transforms.cutout': [options],
  'transforms.elastic': [options],
  'transforms.fiveCrop': [4],
  'transforms.tenCrop': [4],
  'transforms.multiCrop': [4, { edges: [6, 8] }],
  'transforms.gaussianNoise': [options],
  'transforms.grayscale': [],
  'transforms.invert': [],
  'transforms.normalize': [{ mean: 0.5, std: 0.5 }],
  'transforms.oneOf': [[L.transforms.invert()]],
  'transforms.pcaLighting': [options],
  'transforms.randomAffine': [options],
  'transforms.randomApply': [[L.transforms.invert()]],
  'transforms.randomCrop': [4, options],
  'transforms.randomErasing': [options],
  'transforms.randomHorizontalFlip': [options],
  'transforms.randomVerticalFlip': [options],
  'transforms.randomIntensity': [options],
  'transforms.randomResizedCrop': [4, options],
  'transforms.resize': [4, options],
  'transforms.shapeAfter': [[L.transforms.invert()], [1, 8, 8]],
  'transforms.colourAxes': [images],
  'import.readKeras': [Uint8Array.of(1), options],
  'import.readTfjsWeights': [tfjsModel, new Uint8Array(24), options],
  'import.readTfjs': [tfjsModel, new Uint8Array(24), options],
  'trained.predict': [two],
  'trained.evaluate': [table, options],
  'ensemble.predict': [new Float32Array(64)],
  'ensemble.evaluate': [images, options],
  'program.predict': [two],
  'stepper.step': [steps, options],
  'stepper.gradients': [steps],
  'stepper.apply': [gradients, options],
  'stepper.loss': [steps],
  'stepper.predict': [two],
  'stepper.setWeights': [weights],
  'inference.forecastOf': [forecastingProgram, rowsInTime],
  'import.readPyTorch': [Uint8Array.of(1), options],
  'inference.loadProgram': [L.encodeProgram(trained), options],
  LanewiseError: ['argument', 'message'],
  relaxedMaddIsFused: [],
  defaultNumerics: [],
};
