/** Initial values by name, as in torch.nn.init, as plain data (initializer.ts). */
import {
  checkOptions,
  finite,
  isList,
  notNegative,
  numberFrom,
  oneOf,
  refuse,
} from '../base/check.js';
import { initializer, type Initializer } from './initializer.js';

function checked(name: string, made: Initializer): Initializer {
  initializer('initializers', name, made);
  return made;
}

/** The same value everywhere. */
export const constant = (value: number): Initializer =>
  checked('constant', { kind: 'constant', value });

/** Uniform in [low, high); default [0, 1), as in PyTorch. */
export function uniform(low = 0, high = 1): Initializer {
  const made = checked('uniform', { kind: 'uniform', low, high });
  if (high < low) refuse('initializers.uniform', 'high', high, `a number of at least low, ${low}`);
  return made;
}

/** Normal; default mean 0 and deviation 1, as in PyTorch. */
export function normal(mean = 0, std = 1): Initializer {
  const made = checked('normal', { kind: 'normal', mean, std });
  notNegative('initializers.normal', 'std', std);
  return made;
}

/**
 * Normal, drawn again if more than `bound` deviations from the mean; default 2, as in Keras and, for a deviation of 1,
 * PyTorch's trunc_normal_. @throws LanewiseError kind 'argument' for a bound below 0.1, which leaves nearly nothing.
 */
export function truncatedNormal(mean = 0, std = 1, bound = 2): Initializer {
  numberFrom(0.1)('initializers.truncatedNormal', 'bound', bound);
  notNegative('initializers.truncatedNormal', 'std', std);
  return checked('truncatedNormal', { kind: 'truncatedNormal', mean, std, bound });
}

/** Given numbers, in the parameter's order. */
export function values(numbers: ArrayLike<number>): Initializer {
  if (!isNumbers(numbers)) refuse('initializers', 'values', numbers, 'a list of finite numbers');
  return { kind: 'values', values: numbers };
}

const isNumbers = (list: unknown): boolean =>
  isList(list) &&
  (list as number[]).length > 0 &&
  (list as number[]).every((value) => Number.isFinite(value));

/** A factor on the drawn weights. */
export interface GainOptions {
  /** Default 1. */
  readonly gain?: number;
}

const gainIn = (owner: string, options: GainOptions): number =>
  checkOptions(`initializers.${owner}`, options, { gain: finite }).gain ?? 1;

/** Variance 2·gain²/(fanIn + fanOut) (Glorot & Bengio 2010). */
export const xavierUniform = (options: GainOptions = {}): Initializer => ({
  kind: 'scaled',
  distribution: 'uniform',
  fan: 'average',
  gain: gainIn('xavierUniform', options),
});

/** As `xavierUniform`, normal. */
export const xavierNormal = (options: GainOptions = {}): Initializer => ({
  kind: 'scaled',
  distribution: 'normal',
  fan: 'average',
  gain: gainIn('xavierNormal', options),
});

export { xavierNormal as glorotNormal, xavierUniform as glorotUniform };

/** The nonlinearity after a layer, which determines the scale of its weights. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/** PyTorch's calculate_gain; `slope` is leaky ReLU's. @throws LanewiseError kind 'argument' for an unknown name. */
export function gainOf(nonlinearity: Nonlinearity, slope = 0.01): number {
  const gains: Readonly<Record<Nonlinearity, number>> = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + slope * slope)),
    selu: 3 / 4,
  };
  oneOf(Object.keys(gains))('initializers.gainOf', 'nonlinearity', nonlinearity);
  return gains[nonlinearity];
}

/** Settings of He's initial weights. */
export interface HeOptions {
  /** Default `fanIn`. */
  readonly mode?: 'fanIn' | 'fanOut';
  /** The nonlinearity after the layer; default `relu`. */
  readonly nonlinearity?: Nonlinearity;
  /** Slope of `leakyRelu` for x below 0; default 0.01. */
  readonly slope?: number;
}

const he = (distribution: 'uniform' | 'normal', options: HeOptions): Initializer => {
  const owner = distribution === 'uniform' ? 'initializers.heUniform' : 'initializers.heNormal';
  checkOptions(owner, options, {
    mode: oneOf(['fanIn', 'fanOut']),
    nonlinearity: true,
    slope: finite,
  });
  const { mode = 'fanIn', nonlinearity = 'relu', slope = 0.01 } = options;
  const gain = gainOf(nonlinearity, slope);
  return checked('he', { kind: 'scaled', distribution, fan: mode, gain });
};

/** Variance gain²/fan, with the nonlinearity's gain (He et al. 2015). */
export const heUniform = (options: HeOptions = {}): Initializer => he('uniform', options);

/** As `heUniform`, normal. */
export const heNormal = (options: HeOptions = {}): Initializer => he('normal', options);

export { heNormal as kaimingNormal, heUniform as kaimingUniform };

/** Variance 1/fanIn (LeCun et al. 1998 §4.6). */
export const lecunUniform = (): Initializer => ({
  kind: 'scaled',
  distribution: 'uniform',
  fan: 'fanIn',
  gain: 1,
});

/** As `lecunUniform`, normal. */
export const lecunNormal = (): Initializer => ({
  kind: 'scaled',
  distribution: 'normal',
  fan: 'fanIn',
  gain: 1,
});

/**
 * The weight, as a matrix of shape[0] rows, gets orthonormal rows or columns, whichever are fewer, times gain (Saxe et
 * al. 2014). The time grows with rows·columns·the smaller of both.
 */
export const orthogonal = (options: GainOptions = {}): Initializer => ({
  kind: 'orthogonal',
  gain: gainIn('orthogonal', options),
});

/** Settings of random-walk initial weights. */
export interface RandomWalkOptions {
  /** The layer's nonlinearity; default `relu`. */
  readonly nonlinearity?: 'linear' | 'relu';
  /** The paper's g itself, such as 1.1 for tanh; default the paper's value for the nonlinearity. */
  readonly gain?: number;
  /** Default `normal`. */
  readonly distribution?: 'normal' | 'orthogonal';
}

/**
 * g·W with W of variance 1/N or orthogonal, for N inputs (Sussillo & Abbott 2014, "Random walk initialization"). With g
 * = e^(1/2N) for linear layers and √2·e^(1.2/(max(N, 6) − 2.4)) for ReLU, the logarithm of the gradient's norm walks
 * without drift through very deep nets.
 * @throws LanewiseError kind 'argument' for other nonlinearities without a gain.
 */
export function randomWalk(options: RandomWalkOptions = {}): Initializer {
  checkOptions('initializers.randomWalk', options, {
    nonlinearity: oneOf(['linear', 'relu']),
    gain: notNegative,
    distribution: oneOf(['normal', 'orthogonal']),
  });
  const { nonlinearity = 'relu', gain, distribution = 'normal' } = options;
  return { kind: 'randomWalk', distribution, gain: gain ?? nonlinearity };
}
