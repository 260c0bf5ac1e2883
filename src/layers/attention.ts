/** Multi-head attention, in PyTorch's names and order: MultiheadAttention(embedDim, numHeads), batch-first. */
import { checkOptions, extent, flag } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { ShapeError } from '../graph/op.js';
import { showShape } from '../graph/tensor.js';
import { drop, dropRate } from './gates.js';
import {
  constantly,
  fanInUniform,
  initializer,
  INITS,
  initSettings,
  type Initializer,
  type InitOptions,
} from './initializer.js';
import { defineLayer, type Constructors, type Layer } from './layer.js';

/** `weightInit` is for in_proj_weight (default Glorot's uniform) and out_proj.weight (default ±1/√embedDim). */
export interface AttentionOptions extends InitOptions {
  /** Whether place t sees only the places up to t; default false. */
  readonly causal?: boolean;
  /** Default true. */
  readonly bias?: boolean;
  /** The rate at which attention weights are dropped in training; default 0. */
  readonly dropout?: number;
  /** Initial values of out_proj.weight alone. */
  readonly outInit?: Initializer;
}

/**
 * Attention in numHeads heads of embedDim/numHeads features (Vaswani et al. 2017, section 3.2.2): of a sequence to
 * itself, `attention(x)`, or of queries N×T×D to keys and values N×S×D, `attention(query, key, value)`. Parameters:
 * in_proj_weight 3D×D (rows of query, key, value), in_proj_bias 3D, out_proj.weight D×D, out_proj.bias D.
 * @throws LanewiseError kind 'argument' for settings out of range, or if the heads do not divide the features.
 */
export function multiheadAttention(
  embedDim: number,
  numHeads: number,
  options: AttentionOptions = {},
): Layer {
  checkOptions('multiheadAttention', options, {
    causal: flag,
    bias: flag,
    dropout: dropRate,
    outInit: initializer,
    ...INITS,
  });
  const { causal = false, bias = true, dropout = 0, ...inits } = options;
  extent('multiheadAttention', 'embedDim', embedDim);
  const D = embedDim;
  extent('multiheadAttention', 'numHeads', numHeads);
  if (D % numHeads !== 0) {
    throw new LanewiseError(
      'argument',
      `multiheadAttention: embedDim ${D} does not divide into ${numHeads} heads`,
    );
  }
  const given = initSettings(inits);
  const settings = { embedDim, numHeads, causal, bias, dropout, ...given };
  // Glorot & Bengio 2010 for 3D×D: ±√(6/4D).
  const { weightInit = fanInUniform((4 * D) / 6), biasInit = constantly(0) } = inits;
  const { outInit = inits.weightInit ?? fanInUniform(D) } = inits;
  return defineLayer(
    'multiheadAttention',
    settings,
    (scope, ...all) => {
      // One input more than one or three is the keys' lengths.
      const lengths = all.length % 2 === 0 ? all.at(-1)! : undefined;
      const xs = lengths ? all.slice(0, -1) : all;
      for (const { shape } of xs) {
        if (shape.length === 3 && shape[2] === D && (!lengths || lengths.dtype === 'i32')) continue;
        throw new ShapeError(
          'multiheadAttention',
          `expected one sequence N×T×${D} or query, key and value, and perhaps lengths, found ${all.map((x) => showShape(x.shape)).join(', ')}`,
        );
      }
      const weight = scope.parameter('in_proj_weight', [3 * D, D], weightInit);
      const shift = bias ? scope.parameter('in_proj_bias', [3 * D], biasInit) : null;
      // Rows of the weights are sliced, not columns of a joint product, which are many more.
      const project = (i: number) => {
        const rows = [i * D, (i + 1) * D] as const;
        const part = shift && ops.slice(shift, [rows]);
        return ops.linear(xs[i] ?? xs[0]!, ops.slice(weight, [rows]), part);
      };
      const attributes = { heads: numHeads, causal };
      const y = ops.attention(
        project(0),
        project(1),
        project(2),
        attributes,
        (weights) => drop(scope, weights, dropout),
        lengths,
      );
      const out = scope.parameter('out_proj.weight', [D, D], outInit);
      const outBias = bias ? scope.parameter('out_proj.bias', [D], biasInit) : null;
      return ops.linear(y, out, outBias);
    },
    [1, 4],
  );
}

export const attentionLayers: Constructors = {
  multiheadAttention: ({ embedDim, numHeads, ...options }) =>
    multiheadAttention(embedDim, numHeads, options),
};
