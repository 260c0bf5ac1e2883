/** Suggestions for unknown names, including names from other libraries. */
import { nearest } from './errors.js';

/**
 * The names of options, losses and metrics here, and the names that PyTorch, Keras and their kin give them. Of several
 * that a function has, the first is suggested.
 */
const ELSEWHERE: Readonly<Record<string, string>> = {
  every: 'stepsize',
  lr: 'learningrate stepsize eta maxlr',
  batch: 'batchsize minibatch',
  epochs: 'numepochs nepochs maxepochs epoch',
  workers: 'numworkers threads',
  decoders: 'numworkers',
  seed: 'randomstate randomseed',
  weightDecay: 'l2 decay wd',
  beta: 'momentum',
  decay: 'momentum beta rho',
  gamma: 'decay factor',
  betas: 'beta1 beta2',
  eps: 'epsilon',
  alpha: 'rho smoothing',
  smoothing: 'labelsmoothing',
  classWeights: 'weight classweight',
  weights: 'weight',
  positiveWeight: 'posweight',
  loss: 'criterion lossfn',
  validation: 'validationdata valdata val',
  data: 'dataset traindata',
  test: 'testdata',
  augment: 'augmentation transforms',
  schedule: 'scheduler lrscheduler',
  accumulate: 'accumulationsteps gradientaccumulationsteps accumulategradbatches',
  clipValue: 'gradientclipval clipgradvalue',
  clipNorm: 'maxgradnorm gradientclipval maxnorm clipgradnorm',
  keepBest: 'savebestonly restorebestweights',
  classes: 'numclasses nclasses outputs',
  size: 'imagesize inputsize',
  input: 'inputsize inputshape',
  shape: 'inputshape',
  hidden: 'hiddensize',
  kernel: 'kernelsize',
  deviation: 'std stddev sigma variance',
  level: 'confidence alpha coverage',
  quantiles: 'quantile q tau alpha',
  std: 'stddev',
  bias: 'usebias',
  dropout: 'droprate rate',
  p: 'droprate rate',
  k: 'topk',
  columns: 'ncolumns',
  delimiter: 'sep',
  missing: 'navalues',
  target: 'targetcolumn label',
  labels: 'label',
  returns: 'returnsequences',
  sampler: 'shuffle',
  period: 'tmax t0',
  multiplier: 'tmult',
  min: 'etamin minlr',
  factor: 'gamma',
  end: 'endfactor',
  start: 'startfactor',
  metric: 'monitor',
  monitor: 'metric',
  metrics: 'metric',
  from: 'start',
  trust: 'eeta trustcoefficient',
  average: 'ema',
  freeze: 'frozen',
  optimizer: 'optim',
  crossEntropy: 'ce nll categoricalcrossentropy sparsecategoricalcrossentropy',
  meanSquaredError: 'mse l2loss',
  l1: 'mae meanabsoluteerror',
  quantile: 'pinball meanpinball quantileregression',
  gaussian: 'gaussiannll normal mdn',
  mae: 'meanabsoluteerror',
  medianAe: 'medianabsoluteerror medae mdae',
  mape: 'meanabsolutepercentageerror',
  pinball: 'pinballloss meanpinballloss quantileloss',
  coverage: 'picp',
  intervalWidth: 'mpiw',
  binaryCrossEntropy: 'bce',
  binaryCrossEntropyWithLogits: 'bcewithlogits',
  klDivergence: 'kldiv kullbackleiblerdivergence',
  hinge: 'multimargin',
  cosine: 'cosineembedding cosinesimilarity',
  auc: 'rocauc auroc',
  f1: 'f1score f1macro',
  precision: 'precisionmacro',
  recall: 'recallmacro',
};

/** Names differ in case and in `_` and `-` from library to library. */
const plainName = (name: string): string => name.replace(/[_-]/g, '').toLowerCase();

/**
 * The suggestion for an unknown name: the same word in our spelling, another library's equivalent, or the nearest.
 * `hints` say what to write instead of some names that are not known.
 */
export function suggest(
  unknown: string,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): string | undefined {
  const plain = plainName(unknown);
  // PyTorch's losses have names like MSELoss.
  const words = [plain, plain.replace(/loss$/, '')];
  const all = [...known, ...Object.keys(hints)];
  const name =
    all.find((one) => words.includes(plainName(one))) ??
    Object.keys(ELSEWHERE).find(
      (one) => all.includes(one) && ELSEWHERE[one]!.split(' ').some((word) => words.includes(word)),
    );
  if (name === undefined) return nearest(unknown, known);
  return Object.hasOwn(hints, name) ? hints[name] : `did you mean '${name}'?`;
}
