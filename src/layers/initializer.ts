/**
 * Initial values of parameters, as plain data. The default of every layer is PyTorch's: uniform in ±1/√fan-in for
 * weights and biases. Rules that depend on fans take them from the shape, as PyTorch does: fan-in is shape[1] times the
 * filter's area, fan-out shape[0] times it.
 */
import { exp } from '../base/arithmetic.js';
import { finite, oneOf, refuse, type Check, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { showShape, sizeOf, type Shape } from '../graph/tensor.js';

/** A distribution that does not depend on the shape. */
export type Drawing =
  | { readonly kind: 'constant'; readonly value: number }
  /** Uniform in [low, high). */
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  /** Normal, drawn again beyond `bound` deviations. */
  | {
      readonly kind: 'truncatedNormal';
      readonly mean: number;
      readonly std: number;
      readonly bound: number;
    }
  /** Rows or columns, whichever are fewer, orthonormal and times `gain`. */
  | { readonly kind: 'orthogonal'; readonly gain: number }
  | { readonly kind: 'values'; readonly values: ArrayLike<number> };

/** A distribution of variance gain²/fan, for a truncated normal before it is cut. */
interface Scaled {
  readonly kind: 'scaled';
  readonly distribution: 'uniform' | 'normal' | 'truncatedNormal';
  readonly fan: Fan;
  readonly gain: number;
}

interface RandomWalk {
  readonly kind: 'randomWalk';
  readonly distribution: 'normal' | 'orthogonal';
  /** A gain, or the layer's nonlinearity, from which it follows together with the fan-in. */
  readonly gain: number | 'linear' | 'relu';
}

/** A parameter's initial values, as plain data; made by the functions of `initializers`. */
export type Initializer = Drawing | Scaled | RandomWalk;

type Fan = 'fanIn' | 'fanOut' | 'average';

/** U(−1/√fanIn, 1/√fanIn): LeCun et al. 1998 §4.6 up to a constant, and PyTorch's default. */
export const fanInUniform = (fanIn: number): Initializer => {
  const bound = 1 / Math.sqrt(fanIn);
  return { kind: 'uniform', low: -bound, high: bound };
};

/** The same value everywhere. */
export const constantly = (value: number): Initializer => ({ kind: 'constant', value });

/**
 * The distribution and spread, or values, that a rule gives a shape.
 * @throws LanewiseError kind 'argument' if the rule needs fans and the shape has one extent, or for a wrong number of given
 * values.
 */
export function drawingFor(initializer: Initializer, name: string, shape: Shape): Drawing {
  switch (initializer.kind) {
    case 'scaled': {
      const { fanIn, fanOut } = fansOf(initializer, name, shape);
      const fan = { fanIn, fanOut, average: (fanIn + fanOut) / 2 }[initializer.fan];
      const std = initializer.gain / Math.sqrt(fan);
      const { distribution } = initializer;
      if (distribution === 'normal') return { kind: 'normal', mean: 0, std };
      if (distribution === 'truncatedNormal')
        return { kind: 'truncatedNormal', mean: 0, std, bound: 2 };
      const bound = Math.sqrt(3) * std;
      return { kind: 'uniform', low: -bound, high: bound };
    }
    case 'randomWalk': {
      const { fanIn } = fansOf(initializer, name, shape);
      const gain = walkGain(initializer.gain, fanIn);
      return initializer.distribution === 'orthogonal'
        ? { kind: 'orthogonal', gain }
        : { kind: 'normal', mean: 0, std: gain / Math.sqrt(fanIn) };
    }
    case 'orthogonal':
      fansOf(initializer, name, shape);
      return initializer;
    case 'values':
      if (initializer.values.length === sizeOf(shape)) return initializer;
      throw new LanewiseError(
        'argument',
        `initial values of '${name}': ${initializer.values.length}, expected ${sizeOf(shape)} (${showShape(shape)})`,
      );
    default:
      return initializer;
  }
}

function fansOf(
  { kind }: Initializer,
  name: string,
  shape: Shape,
): { fanIn: number; fanOut: number } {
  if (shape.length < 2) {
    throw new LanewiseError(
      'argument',
      `'${name}' has shape ${showShape(shape)}: ${kind} initial values need fan-in and fan-out, expected two extents or more`,
    );
  }
  const area = sizeOf(shape.slice(2));
  return { fanIn: shape[1]! * area, fanOut: shape[0]! * area };
}

/** Sussillo & Abbott 2014, equations 8 and 9: N is the number of a layer's inputs. */
function walkGain(gain: RandomWalk['gain'], N: number): number {
  if (gain === 'linear') return exp(1 / (2 * N));
  if (gain === 'relu') return Math.SQRT2 * exp(1.2 / (Math.max(N, 6) - 2.4));
  return gain;
}

/** Every kind, with the fields that must be numbers, for initialisers from a file. */
const numbersOf: Readonly<Record<Initializer['kind'], readonly string[]>> = {
  constant: ['value'],
  uniform: ['low', 'high'],
  normal: ['mean', 'std'],
  truncatedNormal: ['mean', 'std', 'bound'],
  orthogonal: ['gain'],
  values: [],
  scaled: ['gain'],
  randomWalk: [],
};

/** A check for values made by the functions of `initializers`. */
export const initializer: Check = (layer, name, value) => {
  if (typeof value !== 'object' || value === null)
    refuse(layer, name, value, 'one made by initializers');
  const fields = value as Readonly<Record<string, unknown>>;
  oneOf(Object.keys(numbersOf))(layer, `${name}.kind`, fields['kind']);
  for (const field of numbersOf[fields['kind'] as Initializer['kind']])
    finite(layer, `${name}.${field}`, fields[field]);
};

/** Options of layers with a weight and a bias. */
export interface InitOptions {
  /** Default uniform in ±1/√fan-in. */
  readonly weightInit?: Initializer;
  /** Default as for the weight. */
  readonly biasInit?: Initializer;
}

/** Checks of these options. */
export const INITS: Checks<InitOptions> = { weightInit: initializer, biasInit: initializer };

/** The options as a layer's settings keep them, without given values: a model file has the weights. */
export function initSettings<Options extends InitOptions & { readonly outInit?: Initializer }>({
  weightInit,
  biasInit,
  outInit,
}: Options): Partial<Options> {
  const kept = Object.entries({ weightInit, biasInit, outInit }).filter(
    ([, value]) => value !== undefined && value.kind !== 'values',
  );
  return Object.fromEntries(kept) as Partial<Options>;
}
