/** Optimizers as data: plain settings, values that change with each step, and kernel calls. */
import {
  checkOptions,
  flag,
  listOf,
  notNegative,
  numberFrom,
  numberIn,
  refuse,
  required,
  type Check,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { advance, type Address, type Emitter } from '../program/program.js';
import { describePattern, parameterPattern, type Pattern } from './names.js';

/** Addresses of a slice of the parameters and of its gradients and state. */
export interface UpdatePlaces {
  readonly parameters: Address;
  readonly gradients: Address;
  /** One slice for each array of state. */
  readonly state: readonly Address[];
  readonly rates: Address;
  /** Number of values in the slice, a multiple of 4. */
  readonly count: number;
  /** For optimizers with `needsNorms`: sums of squares of the slice's whole tensor, one for each block. */
  readonly norms?: {
    readonly weights: Address;
    readonly gradients: Address;
    readonly blocks: number;
  };
}

/** An update rule with its settings, made by `sgd`, `momentum`, `adam` and the others. */
export interface Optimizer {
  readonly kind: string;
  /** The rule's options, in printable form. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly learningRate: number;
  /** Number of state arrays, each as large as the parameters and zero at the start. */
  readonly stateArrays: number;
  /** Names of settings that the meaning of the state depends on: if they change, a resumed run restarts it from zeros. */
  readonly formedBy?: readonly string[];
  /** Whether it needs the norms of whole tensors, and is called for each tensor. */
  readonly needsNorms?: boolean;
  /** Parameters with their own settings; the first that matches a name counts. */
  readonly groups?: readonly { readonly match: Pattern; readonly optimizer: Optimizer }[];
  /** The kernel's values for a step; `step` counts from 0, `learningRate` is the schedule's. */
  rates(step: number, learningRate: number): readonly number[];
  /** Emits the rule's kernel calls for the parameters at `at`. */
  update(k: Emitter, at: UpdatePlaces): void;
}

/** Parameters that are trained with other settings than the rest. */
export interface ParameterGroup {
  readonly match: Pattern;
  /** Their learning rate; default the optimizer's, times `lrFactor`. Only one of the two may be given. */
  readonly lr?: number;
  readonly lrFactor?: number;
  readonly weightDecay?: number;
}

/** Options of (nearly) every optimizer. */
export interface CommonOptions {
  readonly lr?: number;
  /** Added to the gradient times the weight: a penalty ½·weightDecay·Σp². Default 0. */
  readonly weightDecay?: number;
  /** Subtracts lr·weightDecay·p from the weight instead (Loshchilov & Hutter 2019). Default false. */
  readonly decoupled?: boolean;
  /** A penalty l1·Σ|p|: g ← g + l1·sign(p). Default 0. */
  readonly l1?: number;
  readonly groups?: readonly ParameterGroup[];
}

/** An update rule, to which `createOptimizer` adds the common options. */
export interface Rule extends Pick<
  Optimizer,
  'kind' | 'settings' | 'stateArrays' | 'formedBy' | 'rates'
> {
  readonly lr: number;
  readonly needsNorms?: boolean;
  /** `decay` is to be added to the gradient times the weight. */
  update(k: Emitter, at: UpdatePlaces, decay: number): void;
}

/** Most values of `rates`: the size of its slot. */
export const RATE_SLOTS = 4;
/** The slot in which decoupled decay finds the learning rate. */
const RATE_OF_DECAY = 3;

/**
 * The optimizer of a rule; `make` builds it again for groups, with other rates and decays. The rule has checked its
 * options against a table that includes the common ones, but may lack a learning rate.
 * @throws LanewiseError kind 'argument' without a learning rate.
 */
export function createOptimizer<Options extends CommonOptions>(
  options: Options,
  rule: Rule,
  make: (options: Options) => Optimizer,
): Optimizer {
  const { weightDecay = 0, decoupled = false, l1 = 0, groups = [] } = options;
  notNegative(rule.kind, 'lr', rule.lr);
  return {
    kind: rule.kind,
    settings: {
      lr: rule.lr,
      ...rule.settings,
      weightDecay,
      ...(decoupled ? { decoupled } : {}),
      ...(l1 > 0 ? { l1 } : {}),
      ...(groups.length > 0 ? { groups: groups.map(describeGroup) } : {}),
    },
    learningRate: rule.lr,
    stateArrays: rule.stateArrays,
    formedBy: rule.formedBy,
    ...(rule.needsNorms ? { needsNorms: true } : {}),
    groups: groups.map(({ match, lr, lrFactor = 1, weightDecay: own = weightDecay }) => {
      const changes = { lr: (lr ?? rule.lr) * lrFactor, weightDecay: own, groups: [] };
      return { match, optimizer: make({ ...options, ...changes }) };
    }),
    rates(step, learningRate) {
      const rates = rule.rates(step, learningRate);
      return decoupled ? [...padded(rates, RATE_OF_DECAY), learningRate] : rates;
    },
    update(k, at) {
      const { parameters, gradients, rates, count } = at;
      if (l1 > 0) k.addSigns(parameters, gradients, count, l1);
      if (decoupled && weightDecay > 0)
        k.shrink(parameters, count, advance(rates, RATE_OF_DECAY * 4), weightDecay);
      rule.update(k, at, decoupled ? 0 : weightDecay);
    },
  };
}

const describeGroup = (group: ParameterGroup) => ({
  ...group,
  match: describePattern(group.match),
});

const padded = (values: readonly number[], count: number): number[] =>
  Array.from({ length: count }, (_, i) => values[i] ?? 0);

/** The optimizer and those of its groups: number 0 covers all parameters that no group matches. */
export const withGroups = (optimizer: Optimizer): readonly Optimizer[] => [
  optimizer,
  ...(optimizer.groups ?? []).map((group) => group.optimizer),
];

/** The kernels' values for a step in all groups, one slot each; `factor` is the schedule's. */
export const ratesOfStep = (optimizer: Optimizer, step: number, factor: number): number[] =>
  withGroups(optimizer).flatMap((each) =>
    padded(each.rates(step, each.learningRate * factor), RATE_SLOTS),
  );

/** For rules whose weight decay is always decoupled: setting it to true is allowed. */
export const decoupledAlready: Check = (owner, name, value) => {
  if (value !== true) refuse(owner, name, value, 'true: its weight decay is always decoupled');
};

/** β₁ and β₂ of running means. */
export const betasOfMeans: Check = /* @__PURE__ */ listOf(/* @__PURE__ */ numberIn(0, 1), 2, 2);

/** The smallest ε that keeps 0/(0 + ε) a number: the smallest float32 with all its bits. */
export const epsilon: Check = /* @__PURE__ */ numberFrom(1.1754943508222875e-38);

const GROUP: Checks<ParameterGroup> = {
  match: /* @__PURE__ */ required(parameterPattern),
  lr: notNegative,
  lrFactor: notNegative,
  weightDecay: notNegative,
};

const parameterGroup: Check = (optimizer, name, value) => {
  const owner = `${optimizer}: ${name}`;
  const hints = { params: 'match names parameters: their names, or a glob' };
  const { lr, lrFactor } = checkOptions(owner, value as ParameterGroup, GROUP, hints);
  if (lr === undefined || lrFactor === undefined) return;
  throw new LanewiseError('argument', `${owner} has lr and lrFactor, expected one of them`);
};

/** Checks of the common options. */
export const COMMON: Checks<CommonOptions> = {
  lr: notNegative,
  weightDecay: notNegative,
  decoupled: flag,
  l1: notNegative,
  groups: /* @__PURE__ */ listOf(parameterGroup, 0),
};

/** The hint where values have grown too large, which smaller steps can prevent. */
export const SMALLER_STEPS = 'lower the learning rate (lr), or bound the gradients (clipNorm)';
