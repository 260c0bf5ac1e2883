/**
 * Scaled dot-product attention in several heads (Vaswani et al. 2017, section 3.2) as three ops. They compute weights
 * from queries and keys, kept for backward, and the weighted sum of the values. Gradients are products of the same
 * form.
 */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { reshape } from './reshape.js';
import { slice } from './slice.js';
import { checkLengths } from './steps.js';

export interface AttentionAttributes {
  /** Number of heads, each with an equal share of the features. */
  readonly heads: number;
  /** Whether query t sees only the keys up to t. */
  readonly causal: boolean;
}

interface ScoreAttributes extends AttentionAttributes {
  /** Whether rows are normalised by softmax. */
  readonly normalize: boolean;
}

/** The kernels' leading operands, from the shape of the weights and the features of all heads. */
function leading([N, heads, T, S]: Shape, D: number, causal: boolean) {
  return [N!, heads!, T!, S!, D / heads!, Number(causal)] as const;
}

/** The scale 1/√d. */
const scaleOf = (D: number, heads: number): number => 1 / Math.sqrt(D / heads);

/** Number of each sample's own keys, i32; absent: all. */
interface Lengths {
  readonly lengths?: Tensor | undefined;
}

const scoresOp: Op<{ q: Tensor; k: Tensor } & Lengths, ScoreAttributes> = defineOp({
  name: 'attentionScores',
  integers: true,
  shape: ({ q, k }, { heads }) => ({ shape: [q.shape[0]!, heads, q.shape[1]!, k.shape[1]!] }),
  forward(emit, { inputs: { q }, output, attributes: { causal, normalize } }, at) {
    const D = q.shape[2]!;
    emit.attentionScores(
      ...leading(output.shape, D, causal),
      Number(normalize),
      normalize ? scaleOf(D, output.shape[1]!) : 1,
      at.inputs.q,
      at.inputs.k,
      at.output,
      at.workspace,
      at.inputs.lengths ?? 0,
    );
  },
  backward({ inputs: { q, k, lengths }, output, attributes: { heads, causal, normalize } }, dy) {
    const scale = scaleOf(q.shape[2]!, heads);
    // With nothing between weights and values, the gradient by the weights need not be kept.
    const ofValues = normalize && sourcesOfScores(dy);
    if (ofValues)
      return bothGradients(
        { p: output, dy: ofValues.q, v: ofValues.k, q, k, lengths },
        { causal, scale },
      );
    const scores = normalize
      ? apply(scoresGradientOp, { p: output, dy, lengths }, { causal, scale })
      : dy;
    return {
      q: apply(productOp, { p: scores, x: k, lengths }, { causal, transposed: false }),
      k: apply(productOp, { p: scores, x: q, lengths }, { causal, transposed: true }),
    };
  },
  workspace: ({ inputs: { q, k }, attributes: { heads } }) =>
    (q.shape[2]! / heads) * k.shape[1]! * 4,
  flops: ({ inputs: { q }, output }) => productFlops(output.shape, q.shape[2]!),
});

/** What `t` is the plain scores of, if it is. */
function sourcesOfScores({
  source,
}: Tensor): { readonly q: Tensor; readonly k: Tensor } | undefined {
  if (source.kind !== 'op' || (source.op as unknown) !== scoresOp) return undefined;
  if ((source.attributes as ScoreAttributes).normalize) return undefined;
  return source.inputs as { readonly q: Tensor; readonly k: Tensor };
}

const scoresGradientOp = defineOp<
  { p: Tensor; dy: Tensor } & Lengths,
  { readonly causal: boolean; readonly scale: number }
>({
  name: 'attentionScoresGradient',
  integers: true,
  shape: ({ p }) => ({ shape: p.shape }),
  forward(k, { inputs: { p }, attributes: { causal, scale } }, at) {
    const [N, heads, T, S] = p.shape as [number, number, number, number];
    const { inputs, output } = at;
    const leading = [N, heads, T, S, Number(causal), scale] as const;
    k.attentionScoresGradient(...leading, inputs.p, inputs.dy, output, inputs.lengths ?? 0);
  },
  inPlace: ['dy'],
});

type GradientInputs = Readonly<Record<'p' | 'dy' | 'v' | 'q' | 'k', Tensor>> & Lengths;

/** The gradients by queries and keys, one after the other. */
const gradientOp = defineOp<GradientInputs, { readonly causal: boolean; readonly scale: number }>({
  name: 'attentionGradient',
  integers: true,
  shape: ({ q, k }) => ({ shape: [sizeOf(q.shape) + sizeOf(k.shape)] }),
  forward(k, { inputs: { p, q }, attributes: { causal, scale } }, { inputs: at, ...places }) {
    k.attentionGradient(
      ...leading(p.shape, q.shape[2]!, causal),
      scale,
      at.p,
      at.dy,
      at.v,
      at.q,
      at.k,
      places.output,
      advance(places.output, sizeOf(q.shape) * 4),
      places.workspace,
      at.lengths ?? 0,
    );
  },
  workspace: ({ inputs: { p, q } }) => {
    const [, heads, T, S] = p.shape as [number, number, number, number];
    return (q.shape[2]! / heads + T) * S * 4;
  },
  flops: ({ inputs: { p, q } }) => 3 * productFlops(p.shape, q.shape[2]!),
});

/** The first of the two, N×T×D: a view. */
const byQueriesOp = defineOp<{ both: Tensor }, { readonly shape: Shape }>({
  name: 'byQueries',
  shape: (_, { shape }) => ({ shape }),
});

function bothGradients(
  inputs: GradientInputs,
  attributes: { readonly causal: boolean; readonly scale: number },
) {
  const { q, k } = inputs;
  const both = apply(gradientOp, inputs, attributes);
  return {
    q: apply(byQueriesOp, { both }, { shape: q.shape }),
    k: reshape(slice(both, [[sizeOf(q.shape)]]), k.shape),
  };
}

interface ProductAttributes {
  readonly causal: boolean;
  readonly transposed: boolean;
}

const productOp: Op<{ p: Tensor; x: Tensor } & Lengths, ProductAttributes> = defineOp({
  name: 'attentionProduct',
  integers: true,
  shape({ p, x }, { transposed }) {
    return { shape: [x.shape[0]!, p.shape[transposed ? 3 : 2]!, x.shape[2]!] };
  },
  forward: (k, { inputs: { p, x }, attributes: { causal, transposed } }, at) =>
    k.attentionProduct(
      ...leading(p.shape, x.shape[2]!, causal),
      Number(transposed),
      at.inputs.p,
      at.inputs.x,
      at.output,
      at.inputs.lengths ?? 0,
    ),
  backward({ inputs: { p, x, lengths }, attributes: { causal, transposed } }, dy) {
    const [q, k] = transposed ? [x, dy] : [dy, x];
    const attributes = { heads: p.shape[1]!, causal, normalize: false };
    return {
      p: apply(scoresOp, { q, k, lengths }, attributes),
      x: apply(productOp, { p, x: dy, lengths }, { causal, transposed: !transposed }),
    };
  },
  flops: ({ inputs: { p, x } }) => productFlops(p.shape, x.shape[2]!),
});

/** Operations of a product; the masked half is not computed but counted, as usual. */
const productFlops = ([N, , T, S]: Shape, D: number): number => 2 * N! * T! * S! * D;

function check(q: Tensor, k: Tensor, v: Tensor, { heads, causal }: AttentionAttributes): void {
  const shapes = [q, k, v].map((t) => showShape(t.shape)).join(', ');
  const [N, T, D] = q.shape;
  const fits = [k, v].every(({ shape }) => shape.length === 3 && shape[0] === N && shape[2] === D);
  if (q.shape.length !== 3 || !fits || k.shape[1] !== v.shape[1]) {
    throw new ShapeError(
      'attention',
      `query, key and value have shapes ${shapes}, expected N×T×D, N×S×D and N×S×D`,
    );
  }
  if (!Number.isInteger(heads) || heads < 1 || D! % heads !== 0) {
    throw new ShapeError(
      'attention',
      `${D} features of ${shapes} do not divide into ${heads} heads`,
    );
  }
  if (causal && k.shape[1] !== T) {
    throw new ShapeError(
      'attention',
      `a causal mask needs as many keys as queries, found ${shapes}`,
    );
  }
}

/**
 * softmax(q·kᵀ/√d)·v in each head; q: N×T×D, k and v: N×S×D, result N×T×D, of which a head has d = D/heads columns. If
 * causal, query t sees the keys up to t.
 * @param lengths the number of each sample's own keys; no query sees those after them.
 * @param onWeights applied to the softmax, N×heads×T×S, before the values are weighted: dropout.
 * @throws ShapeError if the shapes do not fit together, or the heads do not divide the features.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  attributes: AttentionAttributes,
  onWeights = (weights: Tensor): Tensor => weights,
  lengths?: Tensor,
): Tensor {
  check(q, k, v, attributes);
  if (lengths) checkLengths('attention', k, lengths);
  const { heads, causal } = attributes;
  const weights = onWeights(apply(scoresOp, { q, k, lengths }, { heads, causal, normalize: true }));
  return apply(productOp, { p: weights, x: v, lengths }, { causal, transposed: false });
}
