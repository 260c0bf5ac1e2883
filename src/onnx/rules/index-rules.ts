/** Rules of ops that take, put and rank by places: Gather, Scatter and their kin, TopK, ArgMax, OneHot. */
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  axisOf,
  fail,
  flag,
  isTensor,
  scalarAt,
  numbers,
  oneOf,
  optional,
  part,
  range,
  raw,
  rule,
  whole,
  type Rule,
  type RuleCall,
  type Rules,
} from './rule.js';

const toInt64 = (): string => 'int64';

/** Indices: known ones are checked, so that none is outside. */
function indicesOf(call: RuleCall, i: number, extent: number): Tensor {
  const operand = call.operands[i];
  if (operand && !isTensor(operand)) {
    const outside = Array.from(operand.values).find((one) => one < -extent || one >= extent);
    if (outside !== undefined) fail(call, `takes index ${outside} of ${extent}`);
  }
  return raw(call, i);
}

function gather(call: RuleCall, axis: number): Tensor {
  const x = at(call, 0);
  const along = axisOf(call, axis, x.shape.length);
  const extent = x.shape[along]!;
  const known = call.operands[1];
  const single =
    known && !isTensor(known) && known.values.length === 1 ? known.values[0] : undefined;
  const indices = indicesOf(call, 1, extent);
  if (single === undefined) return ops.gather(x, indices, along);
  const index = single < 0 ? single + extent : single;
  const slice = part(x, along, index, index + 1);
  return ops.reshape(slice, x.shape.toSpliced(along, 1, ...indices.shape));
}

/** Places by the indices' last axis; the first `batch` axes belong together. */
function gatherNd(call: RuleCall, batch: number): Tensor {
  const [x, indices] = [at(call, 0), raw(call, 1)];
  if (batch === 0) return ops.gatherNd(x, indices);
  const leading = x.shape.slice(0, batch);
  const count = sizeOf(leading);
  if (
    batch >= Math.min(x.shape.length, indices.shape.length) ||
    leading.join() !== indices.shape.slice(0, batch).join()
  )
    fail(call, `has ${batch} batch_dims for ${x.shape.join('×')} and ${indices.shape.join('×')}`);
  const rows = ops.reshape(x, [count, ...x.shape.slice(batch)]);
  const rest = ops.reshape(indices, [count, ...indices.shape.slice(batch)]);
  const parts = Array.from({ length: count }, (_, n) => {
    const [own, places] = [rows, rest].map((t) =>
      ops.reshape(ops.slice(t, [[n, n + 1]]), t.shape.slice(1)),
    );
    const y = ops.gatherNd(own!, places!);
    return ops.reshape(y, [1, ...y.shape]);
  });
  const y = ops.concat(parts, 0);
  return ops.reshape(y, [...leading, ...y.shape.slice(1)]);
}

const REDUCE = { none: 'none', add: 'add', mul: 'multiply', max: 'max', min: 'min' } as const;
const reduction = oneOf('none', 'add', 'mul', 'max', 'min');

const scatterElements: Rule = rule({ axis: whole(0), reduction }, (call, given) => {
  const x = at(call, 0);
  const axis = axisOf(call, given.axis, x.shape.length);
  const indices = indicesOf(call, 1, x.shape[axis]!);
  return ops.scatter(x, indices, at(call, 2), axis, { reduce: REDUCE[given.reduction] });
});

/** Updates written along an axis from an index of each sample on; `circular` goes on at the start. */
function tensorScatter(call: RuleCall, axis: number, circular: boolean): Tensor {
  const [x, updates, starts] = [at(call, 0), at(call, 1), optional(call, 2)];
  const along = axisOf(call, axis, x.shape.length);
  if (along === 0 || updates.shape.length !== x.shape.length)
    fail(call, `writes along axis ${axis}`);
  const rank = x.shape.length;
  const steps = range(updates.shape[along]!, along, rank);
  const first =
    starts && ops.reshape(starts, [sizeOf(starts.shape), ...Array<number>(rank - 1).fill(1)]);
  const places = first ? ops.add(steps, first) : steps;
  const inside = circular ? ops.remainder(places, ops.constant(x.shape[along]!, [])) : places;
  return ops.scatter(x, ops.expand(inside, updates.shape), updates, along);
}

/** 1 at each index along a new axis, else 0, as the two values say. */
function oneHot(call: RuleCall, axis: number): Tensor {
  const indices = at(call, 0);
  const depth = scalarAt(call, 1) ?? NaN;
  if (!Number.isInteger(depth) || depth < 1) fail(call, `has depth ${depth}`);
  const values = ops.reshape(at(call, 2), [2]);
  const rank = indices.shape.length + 1;
  const along = axisOf(call, axis, rank);
  const wrapped = ops.where(
    ops.less(indices, ops.constant(0, [])),
    ops.add(indices, ops.constant(depth, [])),
    indices,
  );
  const places = ops.reshape(wrapped, wrapped.shape.toSpliced(along, 0, 1));
  const [off, on] = [ops.slice(values, [[0, 1]]), ops.slice(values, [[1, 2]])];
  return ops.where(ops.equal(places, range(depth, along, rank)), on, off);
}

function topK(call: RuleCall, axis: number, largest: boolean, given: number | undefined): Tensor {
  const k = scalarAt(call, 1) ?? given ?? NaN;
  const x = at(call, 0);
  const along = axisOf(call, axis, x.shape.length);
  if (!Number.isInteger(k) || k < 1 || k > x.shape[along]!)
    fail(call, `takes ${k} of the ${x.shape[along]} values along axis ${along}`);
  const { values, indices } = ops.topK(x, k, along, { largest });
  return call.output === 0 ? values : indices;
}

/* @__NO_SIDE_EFFECTS__ */
const arg = (op: typeof ops.argMax): Rule =>
  rule(
    { axis: whole(0), keepdims: flag(1), select_last_index: flag(0) },
    (call, { axis, keepdims, select_last_index }) => {
      const x = at(call, 0);
      const along = axisOf(call, axis, x.shape.length);
      return op(x, along, { keepDims: keepdims === 1, last: select_last_index === 1 });
    },
    { type: toInt64 },
  );

/** The first so many steps of each sample turned round. */
function reverseSequence(call: RuleCall, time: number, batch: number): Tensor {
  const [x, lengths] = [at(call, 0), at(call, 1)];
  const rank = x.shape.length;
  if (time === batch || rank < 2) fail(call, `has time_axis ${time} and batch_axis ${batch}`);
  const own = ops.reshape(
    lengths,
    Array.from({ length: rank }, (_, i) => (i === batch ? sizeOf(lengths.shape) : 1)),
  );
  const steps = range(x.shape[time]!, time, rank);
  const back = ops.subtract(ops.subtract(own, ops.constant(1, [])), steps);
  const places = ops.where(ops.less(steps, own), back, steps);
  return ops.takeAlong(x, ops.expand(places, x.shape), time);
}

export const indexRules: Rules = {
  ArgMax: arg(ops.argMax),
  ArgMin: arg(ops.argMin),
  Compress: rule(
    { axis: whole(undefined) },
    (call, { axis }) => {
      const x = at(call, 0);
      const chosen = (numbers(call, 1) ?? []).flatMap((one, i) => (one ? [i] : []));
      if (chosen.length === 0) fail(call, 'gives a tensor without elements');
      const rows = axis === undefined ? ops.reshape(x, [sizeOf(x.shape)]) : x;
      return ops.gather(rows, ops.literal(chosen), axisOf(call, axis ?? 0, rows.shape.length));
    },
    { host: [1] },
  ),
  Gather: rule({ axis: whole(0) }, (call, { axis }) => gather(call, axis)),
  GatherElements: rule({ axis: whole(0) }, (call, { axis }) => {
    const x = at(call, 0);
    const along = axisOf(call, axis, x.shape.length);
    return ops.takeAlong(x, indicesOf(call, 1, x.shape[along]!), along);
  }),
  GatherND: rule({ batch_dims: whole(0) }, (call, { batch_dims }) => gatherNd(call, batch_dims)),
  OneHot: rule({ axis: whole(-1) }, (call, { axis }) => oneHot(call, axis), {
    host: [1],
    type: ({ types }) => types?.[2] ?? 'float',
  }),
  ReverseSequence: rule(
    { time_axis: whole(0), batch_axis: whole(1) },
    (call, { time_axis, batch_axis }) => reverseSequence(call, time_axis, batch_axis),
  ),
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: rule({ reduction }, (call, given) =>
    ops.scatterNd(at(call, 0), raw(call, 1), at(call, 2), { reduce: REDUCE[given.reduction] }),
  ),
  TensorScatter: rule(
    { axis: whole(-2), mode: oneOf('linear', 'circular') },
    (call, { axis, mode }) => tensorScatter(call, axis, mode === 'circular'),
    { since: 24 },
  ),
  TopK: rule(
    { axis: whole(-1), largest: flag(1), sorted: flag(1), k: whole(undefined) },
    (call, { axis, largest, k }) => topK(call, axis, largest === 1, k),
    { host: [1], type: ({ types, output }) => (output > 0 ? 'int64' : (types?.[0] ?? 'float')) },
  ),
};

/** 1 at the largest of each row, the first one, else 0. */
export const hardmax = (x: Tensor): Tensor =>
  ops.equal(
    ops.argMax(x, -1, { keepDims: true }),
    range(x.shape.at(-1)!, x.shape.length - 1, x.shape.length),
  );
