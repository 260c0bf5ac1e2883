/**
 * Every kernel a program can call, with the names of its operands in order. One table: the types of
 * the Wasm exports, the emitter's methods and the program printer all follow from it.
 * What each operand is stands above the kernel in `assembly/`.
 */
const convolution = [
  'N',
  'C',
  'H',
  'W',
  'O',
  'kh',
  'kw',
  'sh',
  'sw',
  'ph',
  'pw',
  'P',
  'Q',
] as const;
const winograd = ['N', 'C', 'H', 'W', 'O', 'ph', 'pw', 'P', 'Q'] as const;
const normalisation = ['N', 'C', 'area'] as const;
const pooling = ['planes', 'H', 'W', 'kh', 'kw', 'sh', 'sw', 'P', 'Q'] as const;
const axes4 = ['n0', 'n1', 'n2', 'n3'] as const;
const axes6 = [...axes4, 'n4', 'n5'] as const;
const axis = ['outer', 'extent', 'inner'] as const;

export const kernelOperands = {
  activation: ['code', 'x', 'y', 'count'],
  activationGradient: ['code', 'y', 'dy', 'dx', 'count'],
  adam: [
    'p',
    'g',
    'm',
    'v',
    'count',
    'rates',
    'beta1',
    'oneMinusBeta1',
    'beta2',
    'oneMinusBeta2',
    'epsilon',
    'decay',
  ],
  add: ['a', 'b', 'y', 'count'],
  addActivation: ['a', 'b', 'y', 'count', 'code'],
  averagePlanes: ['planes', 'area', 'x', 'y'],
  averagePlanesGradient: ['planes', 'area', 'dy', 'dx'],
  avgPool2d: [...pooling, 'x', 'y'],
  avgPool2dGradient: [...pooling, 'dy', 'dx'],
  batchNorm: [...normalisation, 'x', 'mean', 'variance', 'weight', 'bias', 'epsilon', 'y', 'code'],
  batchNormGradient: [...normalisation, 'x', 'moments', 'weight', 'sums', 'dy', 'epsilon', 'dx'],
  batchNormSums: [...normalisation, 'x', 'moments', 'dy', 'epsilon', 'sums'],
  batchMatmul: ['batch', 'transposeA', 'transposeB', 'm', 'n', 'k', 'a', 'b', 'c', 'workspace'],
  binary: ['code', ...axes4, 'a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'b2', 'b3', 'a', 'b', 'y'],
  channelMoments: [...normalisation, 'x', 'moments'],
  conv2d: [...convolution, 'x', 'w', 'b', 'y', 'code', 'workspace'],
  conv2dInputGradient: [...convolution, 'w', 'dy', 'dx', 'workspace'],
  conv2dWeightGradient: [...convolution, 'x', 'dy', 'dw', 'workspace'],
  conv2dWinograd: [...winograd, 'flipped', 'x', 'w', 'b', 'y', 'code', 'workspace'],
  conv2dWinogradWeightGradient: [...winograd, 'x', 'dy', 'dw', 'workspace'],
  copyStrided: [
    ...axes6,
    's0',
    's1',
    's2',
    's3',
    's4',
    's5',
    't0',
    't1',
    't2',
    't3',
    't4',
    't5',
    'x',
    'y',
  ],
  correct: ['n', 'C', 'x', 'labels', 'y'],
  crossEntropy: ['n', 'C', 'x', 'labels', 'loss', 'workspace'],
  crossEntropyGradient: ['n', 'C', 'x', 'labels', 'dloss', 'dx'],
  dropout: ['N', 'groups', 'area', 'x', 'randomness', 'y', 'stream', 'threshold', 'scale'],
  fill: ['y', 'count', 'value'],
  gatherLabels: ['labels', 'order', 'count', 'y'],
  gatherSamples: [
    'samples',
    'isBytes',
    'order',
    'count',
    'C',
    'h',
    'w',
    'H',
    'W',
    'scale',
    'shift',
    'border',
    'y',
  ],
  logSoftmax: ['n', 'C', 'x', 'y'],
  logSoftmaxGradient: ['n', 'C', 'y', 'dy', 'dx'],
  matmul: ['transposeA', 'transposeB', 'm', 'n', 'k', 'a', 'b', 'bias', 'c', 'code', 'workspace'],
  maxAxis: [...axis, 'x', 'y'],
  maxAxisGradient: [...axis, 'x', 'dy', 'dx'],
  maxPool2d: [...pooling, 'x', 'y'],
  maxPool2dGradient: [...pooling, 'x', 'dy', 'dx'],
  momentum: ['p', 'g', 'v', 'count', 'rates', 'beta', 'share', 'decay'],
  moveTowards: ['r', 'g', 'count', 'momentum'],
  oneHot: ['n', 'C', 'labels', 'y'],
  randomNormal: ['y', 'count', 'mean', 'deviation', 'key0', 'key1', 'index', 'purpose'],
  randomUniform: ['y', 'count', 'low', 'high', 'key0', 'key1', 'index', 'purpose'],
  scale: ['x', 'y', 'count', 'weight'],
  sgd: ['p', 'g', 'count', 'rates', 'decay'],
  smooth: ['code', 'x', 'y', 'count', 'p', 'q'],
  smoothGradient: ['code', 'x', 'dy', 'dx', 'count', 'p', 'q'],
  softmax: ['n', 'C', 'x', 'y'],
  softmaxGradient: ['n', 'C', 'y', 'dy', 'dx'],
  spread: ['s', 'y', 'count', 'weight'],
  squaredErrors: ['n', 'C', 'y', 't', 'loss'],
  squaredErrorsGradient: ['n', 'C', 'y', 't', 'dloss', 'dy'],
  sumAxis: [...axis, 'x', 'y'],
  sumChannels: ['N', 'C', 'area', 'x', 'y'],
  sumRows: ['rows', 'columns', 'x', 'y'],
  unary: ['code', 'x', 'y', 'count', 'p', 'q'],
  unaryGradient: ['code', 'x', 'dy', 'dx', 'count', 'p', 'q'],
  weightedSum: ['x', 'y', 'count', 'weight'],
} as const satisfies Record<string, readonly string[]>;

export type KernelName = keyof typeof kernelOperands;

type Each<Names extends readonly string[], T> = { [P in keyof Names]: T };

/** One value of type T for each operand of kernel K. */
export type OperandsOf<K extends KernelName, T> = Each<(typeof kernelOperands)[K], T>;
