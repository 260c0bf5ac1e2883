/** Rules of what transformers and their kin are made of: attention, rotary embedding, linear attention, causal convolution. */
import { showShape, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  fail,
  flag,
  ignored,
  isWholeType,
  oneOf,
  optional,
  part,
  range,
  raw,
  real,
  rule,
  typeOf,
  whole,
  type RuleCall,
  type Rules,
} from './rule.js';

const constant = (value: number): Tensor => ops.constant(value, []);

/** N×T×(heads·D) as N×heads×T×D; four axes stay. */
function inHeads(call: RuleCall, x: Tensor, heads: number | undefined): Tensor {
  if (x.shape.length === 4) return x;
  const [N, T, F] = x.shape as [number, number, number];
  if (x.shape.length !== 3 || !heads || heads < 1 || F % heads)
    fail(call, `has ${heads ?? 'no number of'} heads for an input ${showShape(x.shape)}`);
  return ops.transpose(ops.reshape(x, [N, T, heads, F / heads]), 1, 2);
}

/** N×heads×T×D as N×T×(heads·D). */
function joinHeads(x: Tensor): Tensor {
  const [N, H, T, D] = x.shape as [number, number, number, number];
  return ops.reshape(ops.transpose(x, 1, 2), [N, T, H * D]);
}

/** Every head as often as queries have heads for it, one after another. */
function shared(call: RuleCall, x: Tensor, heads: number): Tensor {
  const [N, H, T, D] = x.shape as [number, number, number, number];
  if (H === heads) return x;
  if (heads % H) fail(call, `has ${heads} heads of queries for ${H} of keys`);
  const each = ops.reshape(x, [N, H, 1, T, D]);
  return ops.reshape(ops.expand(each, [N, H, heads / H, T, D]), [N, heads, T, D]);
}

interface AttentionSettings {
  readonly is_causal: number;
  readonly left_window_size: number;
  readonly right_window_size: number;
}

/** What is added to the scores: 0 where a key is seen, −∞ where not; undefined if all are. */
function biasOf(
  call: RuleCall,
  [, , T, S]: readonly number[],
  past: number,
  given: AttentionSettings,
): Tensor | undefined {
  const lengths = optional(call, 6);
  const seen: Tensor[] = [];
  const mask = optional(call, 3);
  let added: Tensor | undefined;
  const padded = (t: Tensor, value: number): Tensor => {
    const missing = S! - t.shape.at(-1)!;
    if (missing <= 0) return t;
    return ops.pad(
      t,
      t.shape.map((_, i) => (i === t.shape.length - 1 ? [0, missing] : [0, 0])),
      value,
    );
  };
  if (mask && isWholeType(typeOf(call, 3))) seen.push(padded(mask, 0));
  else if (mask) added = padded(mask, -Infinity);
  const own = lengths && ops.reshape(lengths, [lengths.shape[0]!, 1, 1, 1]);
  const offset = own && call.version >= 24 ? ops.subtract(own, constant(T!)) : constant(past);
  const rows = ops.add(range(T!, 0, 2), offset);
  const columns = range(S!, 1, 2);
  const ahead = ops.subtract(columns, rows);
  if (given.is_causal) seen.push(ops.lessOrEqual(ahead, constant(0)));
  if (given.left_window_size >= 0)
    seen.push(ops.greaterOrEqual(ahead, constant(-given.left_window_size)));
  if (given.right_window_size >= 0)
    seen.push(ops.lessOrEqual(ahead, constant(given.right_window_size)));
  if (own) seen.push(ops.less(columns, own));
  if (seen.length === 0) return added;
  const all = seen.reduce((a, b) => ops.multiply(a, b));
  const rest = added ?? constant(0);
  return ops.where(all, rest, constant(-Infinity));
}

/** softmax of each row, 0 for one that sees nothing. */
function shares(scores: Tensor, bias: Tensor | undefined): Tensor {
  if (!bias) return ops.softmax(scores);
  const most = ops.max(bias, -1, true);
  const sees = ops.greater(most, constant(-Infinity));
  return ops.where(sees, ops.softmax(ops.add(scores, bias)), constant(0));
}

function attention(
  call: RuleCall,
  given: AttentionSettings & {
    readonly q_num_heads: number | undefined;
    readonly kv_num_heads: number | undefined;
    readonly scale: number | undefined;
    readonly softcap: number;
    readonly qk_matmul_output_mode: number;
  },
): Tensor {
  const q = inHeads(call, at(call, 0), given.q_num_heads);
  const [ownKeys, ownValues] = [1, 2].map((i) =>
    inHeads(call, at(call, i), given.kv_num_heads),
  ) as [Tensor, Tensor];
  const [pastKeys, pastValues] = [optional(call, 4), optional(call, 5)];
  const keys = pastKeys ? ops.concat([pastKeys, ownKeys], 2) : ownKeys;
  const values = pastValues ? ops.concat([pastValues, ownValues], 2) : ownValues;
  if (call.output === 1) return keys;
  if (call.output === 2) return values;
  const [, heads, , D] = q.shape as [number, number, number, number];
  const [k, v] = [shared(call, keys, heads), shared(call, values, heads)];
  // As in the standard, each factor takes half of the scale.
  const half = Math.sqrt(given.scale ?? 1 / Math.sqrt(D));
  const product = ops.batchMatmul(ops.scale(q, half), ops.scale(k, half), false, true);
  const capped = given.softcap
    ? ops.scale(ops.tanh(ops.scale(product, 1 / given.softcap)), given.softcap)
    : product;
  const bias = biasOf(call, product.shape, pastKeys?.shape[2] ?? 0, given);
  const weights = shares(capped, bias);
  if (call.output === 3) {
    const { qk_matmul_output_mode: mode } = given;
    return (
      [product, capped, bias ? ops.add(capped, bias) : capped, weights][mode] ??
      fail(call, `has qk_matmul_output_mode ${mode}`)
    );
  }
  const y = ops.batchMatmul(weights, v);
  return at(call, 0).shape.length === 3 ? joinHeads(y) : y;
}

/** Pairs of features turned by angles whose cosines and sines are given, by position. */
function rotary(
  call: RuleCall,
  given: { interleaved: number; num_heads: number; rotary_embedding_dim: number },
): Tensor {
  const x = at(call, 0);
  const heads = inHeads(call, x, given.num_heads);
  const [N, , T, D] = heads.shape as [number, number, number, number];
  const size = given.rotary_embedding_dim || D;
  if (size % 2 || size > D) fail(call, `turns ${size} of ${D} features`);
  const caches = [1, 2].map((i) => {
    const cache = at(call, i);
    const own = call.operands[3] ? ops.gather(cache, raw(call, 3), 0) : cache;
    if (own.shape.length !== 3 || own.shape[2] !== size / 2)
      fail(call, `has a cache ${showShape(own.shape)} for ${size} features`);
    return ops.reshape(own, [own.shape[0]!, 1, T, size / 2]);
  });
  const [cos, sin] = caches as [Tensor, Tensor];
  const turned = size < D ? part(heads, 3, 0, size) : heads;
  const pairs = ops.reshape(
    turned,
    given.interleaved ? [N, -1, T, size / 2, 2] : [N, -1, T, 2, size / 2],
  );
  const axis = given.interleaved ? 4 : 3;
  const [a, b] = [0, 1].map((i) =>
    ops.reshape(part(pairs, axis, i, i + 1), [N, heads.shape[1]!, T, size / 2]),
  ) as [Tensor, Tensor];
  const both = [
    ops.subtract(ops.multiply(cos, a), ops.multiply(sin, b)),
    ops.add(ops.multiply(sin, a), ops.multiply(cos, b)),
  ].map((t) => ops.reshape(t, t.shape.toSpliced(axis, 0, 1)));
  const y = ops.reshape(ops.concat(both, axis), turned.shape);
  const whole = size < D ? ops.concat([y, part(heads, 3, size, D)], 3) : y;
  return x.shape.length === 3 ? joinHeads(whole) : whole;
}

/** A memory of products of keys and values, read by queries, step by step. */
function linearAttention(
  call: RuleCall,
  given: { q_num_heads: number; kv_num_heads: number; scale: number; update_rule: string },
): Tensor {
  const { q_num_heads: H, kv_num_heads: G } = given;
  const q = inHeads(call, at(call, 0), H);
  const [k, v] = [inHeads(call, at(call, 1), G), inHeads(call, at(call, 2), G)];
  const [N, , T, D] = k.shape as [number, number, number, number];
  const M = v.shape[3]!;
  const perHead = (i: number, needed: boolean): Tensor | undefined => {
    const t = optional(call, i);
    if (!t !== !needed)
      fail(call, `has update_rule ${given.update_rule} and ${t ? 'an' : 'no'} input ${i}`);
    return t && inHeads(call, t, i === 5 && t.shape[2] === 1 ? 1 : G);
  };
  const decay = perHead(4, given.update_rule.includes('gated'));
  const beta = perHead(5, given.update_rule.includes('delta'));
  let state = optional(call, 3) ?? ops.constant(0, [N, G, D, M]);
  const scale = given.scale || 1 / Math.sqrt(D);
  const step = (t: Tensor, i: number): Tensor => part(t, 2, i, i + 1);
  const reads = Array.from({ length: T }, (_, i) => {
    const key = ops.transpose(step(k, i), 2, 3);
    if (decay) state = ops.multiply(state, ops.exp(ops.transpose(step(decay, i), 2, 3)));
    let value = step(v, i);
    if (beta)
      value = ops.multiply(step(beta, i), ops.subtract(value, ops.batchMatmul(key, state, true)));
    state = ops.add(state, ops.multiply(key, value));
    return ops.scale(ops.batchMatmul(step(q, i), shared(call, state, H)), scale);
  });
  return call.output === 1 ? state : joinHeads(ops.concat(reads, 2));
}

/** A convolution of each channel over steps up to the present one, after those of before. */
function causalConvolution(call: RuleCall, activation: string): Tensor {
  const [x, w, b, past] = [at(call, 0), at(call, 1), optional(call, 2) ?? null, optional(call, 3)];
  const [N, C] = x.shape as [number, number];
  const before = w.shape[2]! - 1;
  if (x.shape.length !== 3 || w.shape.length !== 3)
    fail(call, `has an input ${showShape(x.shape)}`);
  const all = before === 0 ? x : ops.concat([past ?? ops.constant(0, [N, C, before]), x], 2);
  if (call.output === 1) {
    if (before === 0) fail(call, 'gives a tensor without elements');
    return part(all, 2, all.shape[2]! - before, all.shape[2]!);
  }
  const y = ops.conv1d(all, w, b, { stride: 1, padding: 0, groups: C });
  return activation === 'none' ? y : ops.silu(y);
}

export const attentionRules: Rules = {
  Attention: rule(
    {
      is_causal: flag(0),
      kv_num_heads: whole(undefined),
      left_window_size: whole(-1),
      q_num_heads: whole(undefined),
      qk_matmul_output_mode: whole(0),
      right_window_size: whole(-1),
      scale: real(undefined),
      softcap: real(0),
      softmax_precision: ignored,
    },
    attention,
    { since: 23 },
  ),
  CausalConvWithState: rule(
    { activation: oneOf('none', 'silu', 'swish') },
    (call, { activation }) => causalConvolution(call, activation),
  ),
  LinearAttention: rule(
    {
      chunk_size: ignored,
      kv_num_heads: whole(0),
      q_num_heads: whole(0),
      scale: real(0),
      update_rule: oneOf('gated_delta', 'linear', 'gated', 'delta'),
    },
    linearAttention,
  ),
  RotaryEmbedding: rule(
    { interleaved: flag(0), num_heads: whole(0), rotary_embedding_dim: whole(0) },
    rotary,
    { since: 23 },
  ),
};
