/** Rules of products of matrices. */
import { showShape, sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  all,
  at,
  fail,
  flag,
  optional,
  raised,
  real,
  rule,
  text,
  type RuleCall,
  type Rules,
} from './rule.js';

/** The product as NumPy's: 1-D operands are a row or a column, which is dropped; leading axes broadcast. */
export function matmul(call: RuleCall, a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 0 || b.shape.length === 0) fail(call, 'has a scalar operand');
  const row = a.shape.length === 1 ? ops.reshape(a, [1, ...a.shape]) : a;
  const column = b.shape.length === 1 ? ops.reshape(b, [...b.shape, 1]) : b;
  if (row.shape.at(-1) !== column.shape.at(-2))
    fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}`);
  const y = product(call, row, column);
  const shape = [...y.shape];
  if (b.shape.length === 1) shape.pop();
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return ops.reshape(y, shape);
}

function product(call: RuleCall, a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  if (b.shape.length === 2) {
    if (a.shape.length === 2) return ops.matmul(a, b);
    const rows = ops.reshape(a, [sizeOf(a.shape) / k, k]);
    return ops.reshape(ops.matmul(rows, b), [...a.shape.slice(0, -1), n]);
  }
  const rank = Math.max(a.shape.length, b.shape.length);
  const [left, right] = [raised(a, rank), raised(b, rank)];
  const leading = left.shape.slice(0, -2).map((extent, axis) => {
    const other = right.shape[axis]!;
    if (extent !== other && extent !== 1 && other !== 1)
      fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}`);
    return extent === 1 ? other : extent;
  });
  return ops.batchMatmul(
    ops.expand(left, [...leading, m, k]),
    ops.expand(right, [...leading, k, n]),
  );
}

function gemm(
  call: RuleCall,
  given: { alpha: number; beta: number; transA: number; transB: number },
): Tensor {
  const [a, b, c] = [at(call, 0), at(call, 1), optional(call, 2)];
  if (a.shape.length !== 2 || b.shape.length !== 2)
    fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}, expected matrices`);
  const y = ops.matmul(a, b, given.transA === 1, given.transB === 1);
  const scaled = given.alpha === 1 ? y : ops.scale(y, given.alpha);
  if (!c || given.beta === 0) return scaled;
  return ops.add(scaled, given.beta === 1 ? c : ops.scale(c, given.beta));
}

/** A tensor with a label for each axis. */
interface Labelled {
  readonly t: Tensor;
  readonly labels: readonly string[];
}

/** The labels of a term of an equation; those that `...` stands for are numbered from the last one. */
function labelsOf(call: RuleCall, term: string, rank?: number): string[] {
  const [before = '', after, more] = term.split('...');
  const fits = /^[a-z]*$/i.test(before + (after ?? '')) && more === undefined;
  const hidden = (rank ?? before.length) - before.length - (after?.length ?? 0);
  if (!fits || hidden < 0 || (after === undefined && hidden > 0))
    fail(call, `has a term '${term}'`);
  const numbered = Array.from({ length: hidden }, (_, i) => String(hidden - i));
  const labels = [...before, ...numbered, ...(after ?? '')];
  if (new Set(labels).size < labels.length) fail(call, `repeats a label in '${term}'`);
  return labels;
}

/** The sum over the labels that are not kept. */
function summed({ t, labels }: Labelled, keep: (label: string) => boolean): Labelled {
  const axes = labels.flatMap((label, axis) => (keep(label) ? [] : [axis]));
  return axes.length === 0 ? { t, labels } : { t: ops.sum(t, axes), labels: labels.filter(keep) };
}

/** The axes in the order of these labels. */
const arranged = ({ t, labels }: Labelled, order: readonly string[]): Tensor =>
  ops.permute(
    t,
    order.map((label) => labels.indexOf(label)),
  );

/** The product of two, summed over the labels that nothing later takes. */
function contracted(
  call: RuleCall,
  one: Labelled,
  two: Labelled,
  keep: (label: string) => boolean,
): Labelled {
  const a = summed(one, (label) => keep(label) || two.labels.includes(label));
  const b = summed(two, (label) => keep(label) || one.labels.includes(label));
  const extent = ({ t, labels }: Labelled, label: string): number =>
    t.shape[labels.indexOf(label)]!;
  const both = a.labels.filter((label) => b.labels.includes(label));
  const widened = (x: Labelled, other: Labelled): Labelled => ({
    labels: x.labels,
    t: ops.expand(
      x.t,
      x.labels.map((label, i) =>
        both.includes(label) && x.t.shape[i] === 1 ? extent(other, label) : x.t.shape[i]!,
      ),
    ),
  });
  const [left, right] = [widened(a, b), widened(b, a)];
  const odd = both.find((label) => extent(left, label) !== extent(right, label));
  if (odd !== undefined) fail(call, `has different extents for '${odd}'`);
  const batch = both.filter(keep);
  const inner = both.filter((label) => !keep(label));
  const rows = a.labels.filter((label) => !both.includes(label));
  const columns = b.labels.filter((label) => !both.includes(label));
  const size = (x: Labelled, labels: readonly string[]): number =>
    sizeOf(labels.map((label) => extent(x, label)));
  const [B, K] = [size(left, batch), size(left, inner)];
  const product = ops.batchMatmul(
    ops.reshape(arranged(left, [...batch, ...rows, ...inner]), [B, size(left, rows), K]),
    ops.reshape(arranged(right, [...batch, ...inner, ...columns]), [B, K, size(right, columns)]),
  );
  const labels = [...batch, ...rows, ...columns];
  const shape = labels.map((label) => extent(a.labels.includes(label) ? left : right, label));
  return { t: ops.reshape(product, shape), labels };
}

/** A sum of products by an equation: `bij,bjk->bik`. */
function einsum(call: RuleCall, equation: string): Tensor {
  const [inputs = '', output, more] = equation.replace(/\s/g, '').split('->');
  const xs = all(call);
  const terms = inputs.split(',');
  if (more !== undefined || terms.length !== xs.length)
    fail(call, `has the equation '${equation}' for ${xs.length} inputs`);
  const given = terms.map((term, i): Labelled => {
    const labels = labelsOf(call, term, xs[i]!.shape.length);
    if (labels.length !== xs[i]!.shape.length)
      fail(call, `has a term '${term}' for ${showShape(xs[i]!.shape)}`);
    return { t: xs[i]!, labels };
  });
  const every = given.flatMap(({ labels }) => labels);
  const hidden = [...new Set(every.filter((label) => /\d/.test(label)))].toSorted(
    (a, b) => Number(b) - Number(a),
  );
  const implied = [
    ...hidden,
    ...every
      .filter((one) => !/\d/.test(one) && every.indexOf(one) === every.lastIndexOf(one))
      .toSorted(),
  ];
  const wanted =
    output === undefined
      ? implied
      : labelsOf(
          call,
          output,
          output.replace('...', '').length + (output.includes('...') ? hidden.length : 0),
        );
  const lost = wanted.find((label) => !every.includes(label));
  if (lost !== undefined) fail(call, `gives '${lost}', which no input has`);
  const [first, ...rest] = given as [Labelled, ...Labelled[]];
  const result = rest.reduce((a, b, i) => {
    const later = new Set([...wanted, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    return contracted(call, a, b, (label) => later.has(label));
  }, first);
  return arranged(
    summed(result, (label) => wanted.includes(label)),
    wanted,
  );
}

export const productRules: Rules = {
  Einsum: rule({ equation: text('') }, (call, { equation }) => einsum(call, equation), {
    since: 12,
  }),
  Gemm: rule(
    { alpha: real(1), beta: real(1), transA: flag(0), transB: flag(0), broadcast: flag(0) },
    gemm,
  ),
  MatMul: rule({}, (call) => matmul(call, at(call, 0), at(call, 1))),
};
