/** Rules of RNN, GRU and LSTM: by the recurrent op where it has the cell, else step by step. */
import { showShape, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  fail,
  flag,
  isTensor,
  oneOf,
  optional,
  part,
  real,
  reals,
  rule,
  texts,
  whole,
  type Rule,
  type RuleCall,
  type Rules,
} from './rule.js';

type Kind = 'RNN' | 'GRU' | 'LSTM';

/** For each gate of the recurrent op its place in ONNX's order, and the default activations in small letters. */
export const CELLS = {
  RNN: { gates: [0], activations: ['tanh'] },
  GRU: { gates: [1, 0, 2], activations: ['sigmoid', 'tanh'] },
  LSTM: { gates: [0, 2, 3, 1], activations: ['sigmoid', 'tanh', 'tanh'] },
} as const;

type Activation = (x: Tensor) => Tensor;

/** Activations by name in small letters, with the defaults of alpha and beta. */
const ACTIVATIONS: Readonly<
  Record<string, readonly [(x: Tensor, a: number, b: number) => Tensor, number, number]>
> = {
  affine: [(x, a, b) => ops.add(ops.scale(x, a), ops.constant(b, [])), 1, 0],
  elu: [(x, a) => ops.elu(x, a), 1, 0],
  hardsigmoid: [(x, a, b) => ops.slopedHardSigmoid(x, a, b), 0.2, 0.5],
  leakyrelu: [(x, a) => ops.leakyRelu(x, a), 0.01, 0],
  relu: [ops.relu, 0, 0],
  scaledtanh: [(x, a, b) => ops.scale(ops.tanh(ops.scale(x, b)), a), 1, 1],
  sigmoid: [ops.sigmoid, 0, 0],
  softplus: [ops.softplus, 0, 0],
  softsign: [ops.softsign, 0, 0],
  tanh: [ops.tanh, 0, 0],
  thresholdedrelu: [(x, a) => ops.thresholdedRelu(x, a), 1, 0],
};

interface Settings {
  readonly activations: readonly string[] | undefined;
  readonly activation_alpha: readonly number[] | undefined;
  readonly activation_beta: readonly number[] | undefined;
  readonly clip: number | undefined;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly layout: number;
  readonly linear_before_reset: number;
  readonly input_forget: number;
}

/** One direction's operands. x: N×T×F, w: gates·H×F, r: gates·H×H, biases: gates·H, states: N×H, peepholes: 3·H. */
interface Run {
  readonly kind: Kind;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly r: Tensor;
  readonly wb?: Tensor | undefined;
  readonly rb?: Tensor | undefined;
  readonly lengths?: Tensor | undefined;
  readonly h?: Tensor | undefined;
  readonly c?: Tensor | undefined;
  readonly p?: Tensor | undefined;
  readonly H: number;
  readonly reverse: boolean;
  readonly names: readonly string[];
  readonly functions: readonly Activation[];
  readonly settings: Settings;
}

/** States of all steps, N×T×H, and the last ones. */
interface Result {
  readonly y: Tensor;
  readonly h: Tensor;
  readonly c?: Tensor | undefined;
}

/** The functions of one direction: names and numbers go on where the one before ended. */
function functionsOf(call: RuleCall, kind: Kind, direction: number, settings: Settings) {
  const { activations } = CELLS[kind];
  const { length } = activations;
  const names = (settings.activations ?? []).map((name) => name.toLowerCase());
  // Numbers stand only for those functions that take them, in order.
  const alphas = [...(settings.activation_alpha ?? [])];
  const betas = [...(settings.activation_beta ?? [])];
  const list = Array.from({ length: (direction + 1) * length }, (_, i) => {
    const name = names[i] ?? activations[i % length]!;
    const [apply, alpha, beta] = Object.hasOwn(ACTIVATIONS, name)
      ? ACTIVATIONS[name]!
      : fail(call, `has the activation ${name}`);
    const a = apply.length > 1 ? (alphas.shift() ?? alpha) : alpha;
    const b = apply.length > 2 ? (betas.shift() ?? beta) : beta;
    const { clip } = settings;
    const bounded = (x: Tensor): Tensor => (clip === undefined ? x : ops.clamp(x, -clip, clip));
    return { name, apply: (x: Tensor) => apply(bounded(x), a, b) };
  }).slice(-length);
  return { names: list.map(({ name }) => name), functions: list.map(({ apply }) => apply) };
}

const gate = (t: Tensor, i: number, H: number): Tensor =>
  part(t, t.shape.length - 1, i * H, (i + 1) * H);

/** One step of GRU from the gates' inputs (N×3·H) and the state. */
function gruStep(
  { r, rb, H, functions: [f, g], settings }: Run,
  projected: Tensor,
  h: Tensor,
): Tensor {
  const rows = (from: number, to: number): Tensor => part(r, 0, from * H, to * H);
  const bias = (from: number, to: number): Tensor | null =>
    rb ? part(rb, 0, from * H, to * H) : null;
  const both = f!(ops.add(part(projected, 1, 0, 2 * H), ops.linear(h, rows(0, 2), bias(0, 2))));
  const [z, reset] = [gate(both, 0, H), gate(both, 1, H)];
  const inner = settings.linear_before_reset
    ? ops.multiply(reset, ops.linear(h, rows(2, 3), bias(2, 3)))
    : ops.linear(ops.multiply(reset, h), rows(2, 3), bias(2, 3));
  const next = g!(ops.add(gate(projected, 2, H), inner));
  return ops.add(next, ops.multiply(z, ops.subtract(h, next)));
}

/** One step of LSTM: the state and the cell's. */
function lstmStep(
  { r, rb, p, H, functions: [f, g, k], settings }: Run,
  projected: Tensor,
  h: Tensor,
  c: Tensor,
): [Tensor, Tensor] {
  const sums = ops.add(projected, ops.linear(h, r, rb ?? null));
  const seen = (i: number, t: Tensor): Tensor =>
    p ? ops.multiply(part(p, 0, i * H, (i + 1) * H), t) : ops.constant(0, [1]);
  const input = f!(ops.add(gate(sums, 0, H), seen(0, c)));
  const forget = settings.input_forget
    ? ops.subtract(ops.constant(1, []), input)
    : f!(ops.add(gate(sums, 2, H), seen(2, c)));
  const cell = ops.add(ops.multiply(forget, c), ops.multiply(input, g!(gate(sums, 3, H))));
  const output = f!(ops.add(gate(sums, 1, H), seen(1, cell)));
  return [ops.multiply(output, k!(cell)), cell];
}

/** A run step by step. */
function unrolled(run: Run): Result {
  const { kind, x, w, r, wb, rb, lengths, H, reverse, functions } = run;
  const [N, T] = x.shape as [number, number];
  const projected = ops.linear(x, w, wb ?? null);
  let h = run.h ?? ops.constant(0, [N, H]);
  let c = run.c ?? ops.constant(0, [N, H]);
  const states: Tensor[] = [];
  for (let i = 0; i < T; i++) {
    const t = reverse ? T - 1 - i : i;
    const step = ops.reshape(part(projected, 1, t, t + 1), [N, projected.shape[2]!]);
    let [next, cell] = [h, c];
    if (kind === 'LSTM') [next, cell] = lstmStep(run, step, h, c);
    else if (kind === 'GRU') next = gruStep(run, step, h);
    else next = functions[0]!(ops.add(step, ops.linear(h, r, rb ?? null)));
    let seen = next;
    if (lengths) {
      const own = ops.greater(lengths, ops.constant(t, []));
      seen = ops.where(own, next, ops.constant(0, []));
      [next, cell] = [ops.where(own, next, h), ops.where(own, cell, c)];
    }
    [h, c] = [next, cell];
    states[t] = ops.reshape(seen, [N, 1, H]);
  }
  return { y: ops.concat(states, 1), h, c };
}

/** A run by the recurrent op; undefined if it has not the cell. */
function fused(run: Run): Result | undefined {
  const { kind, x, w, r, wb, rb, h, c, H, reverse, names, settings } = run;
  const { gates, activations } = CELLS[kind];
  const relu = kind === 'RNN' && names[0] === 'relu';
  const isUsual = relu || names.every((name, i) => name === activations[i]!);
  if (!isUsual || run.p || run.lengths || settings.clip !== undefined || settings.input_forget)
    return undefined;
  const ordered = (t: Tensor): Tensor =>
    kind === 'RNN'
      ? t
      : ops.concat(
          gates.map((i) => part(t, 0, i * H, (i + 1) * H)),
          0,
        );
  const weights = {
    weightIh: ordered(w),
    weightHh: ordered(r),
    ...(wb && rb ? { biasIh: ordered(wb), biasHh: ordered(rb) } : {}),
  };
  const cell = kind === 'RNN' ? (relu ? 'relu' : 'tanh') : kind === 'GRU' ? 'gru' : 'lstm';
  const resetAfter = kind === 'GRU' ? settings.linear_before_reset === 1 : undefined;
  const given = { reverse, h0: h, c0: c, resetAfter };
  const found = ops.recurrentStates(x, weights, cell, given);
  return { y: found.states, h: found.h, c: found.c };
}

/** Optional input `i`, if it is not known to be all zeros. */
function state(call: RuleCall, i: number): Tensor | undefined {
  const operand = call.operands[i];
  if (operand && !isTensor(operand) && Array.from(operand.values).every((one) => one === 0))
    return undefined;
  return optional(call, i);
}

/** One output of a recurrent op. */
function recurrent(call: RuleCall, kind: Kind, settings: Settings): Tensor {
  const [given, w, r] = [at(call, 0), at(call, 1), at(call, 2)];
  const x = settings.layout ? given : ops.transpose(given, 0, 1);
  const D = settings.direction === 'bidirectional' ? 2 : 1;
  const G = CELLS[kind].gates.length;
  const H = r.shape.at(-1)!;
  const F = x.shape[2] ?? 0;
  if (
    showShape(w.shape) !== showShape([D, G * H, F]) ||
    showShape(r.shape) !== showShape([D, G * H, H])
  )
    fail(
      call,
      `has weights ${showShape(w.shape)} and ${showShape(r.shape)} for an input ${showShape(given.shape)}`,
    );
  const b = optional(call, 3);
  if (b && showShape(b.shape) !== showShape([D, 2 * G * H]))
    fail(call, `has a bias ${showShape(b.shape)}`);
  const [N] = x.shape as [number];
  const lengths = optional(call, 4);
  const along = settings.layout ? 1 : 0;
  const of = (
    t: Tensor | undefined,
    d: number,
    axis: number,
    shape: readonly number[],
  ): Tensor | undefined => t && ops.reshape(part(t, axis, d, d + 1), shape);
  const results = Array.from({ length: D }, (_, d) => {
    const both = of(b, d, 0, [2 * G * H]);
    const run: Run = {
      kind,
      x,
      w: of(w, d, 0, [G * H, F])!,
      r: of(r, d, 0, [G * H, H])!,
      wb: both && part(both, 0, 0, G * H),
      rb: both && part(both, 0, G * H, 2 * G * H),
      lengths: lengths && ops.reshape(lengths, [N, 1]),
      h: of(state(call, 5), d, along, [N, H]),
      c: kind === 'LSTM' ? of(state(call, 6), d, along, [N, H]) : undefined,
      p: kind === 'LSTM' ? of(state(call, 7), d, 0, [3 * H]) : undefined,
      H,
      reverse: settings.direction === 'reverse' || d === 1,
      settings,
      ...functionsOf(call, kind, d, settings),
    };
    return fused(run) ?? unrolled(run);
  });
  if (call.output > 0) {
    const last = results.map(({ h, c }) =>
      call.output === 1 ? h : (c ?? fail(call, 'has no such output')),
    );
    return ops.concat(
      last.map((t) => ops.reshape(t, settings.layout ? [N, 1, H] : [1, N, H])),
      along,
    );
  }
  const T = x.shape[1]!;
  const all = ops.concat(
    results.map(({ y }) => ops.reshape(y, [N, T, 1, H])),
    2,
  );
  return settings.layout ? all : ops.permute(all, [1, 2, 0, 3]);
}

/* @__NO_SIDE_EFFECTS__ */
const ofKind = (kind: Kind): Rule =>
  rule(
    {
      activations: texts(undefined),
      activation_alpha: reals(undefined),
      activation_beta: reals(undefined),
      clip: real(undefined),
      direction: oneOf('forward', 'reverse', 'bidirectional'),
      hidden_size: whole(undefined),
      input_forget: flag(0),
      layout: flag(0),
      linear_before_reset: flag(0),
      output_sequence: flag(0),
    },
    (call, settings) => recurrent(call, kind, settings),
    { since: 7 },
  );

export const recurrentRules: Rules = {
  GRU: ofKind('GRU'),
  LSTM: ofKind('LSTM'),
  RNN: ofKind('RNN'),
};
