/**
 * What stands at places along an axis that come from data: PyTorch's `index_select` and `gather`, ONNX's Gather,
 * GatherElements and GatherND, and their inverses, which put values there.
 */
import { checkOptions, oneOf } from '../base/check.js';
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { concat } from './concat.js';
import { constant } from './constant.js';
import { toFloats } from './loss.js';
import { reshape } from './reshape.js';
import { slice, type Range } from './slice.js';
import { axisOf } from './strided.js';

interface Inputs {
  /** n0×extent×n2. */
  readonly x: Tensor;
  /** n1, the same in all lines, or n0×n1×n2. */
  readonly places: Tensor;
}

type Walk = [number, number, number, number, number, number, number];

/** The kernels' leading operands; what is taken or put is n0×n1×n2. */
function walk([n0, extent, n2]: Shape, { shape }: Tensor): Walk {
  const isShared = shape.length === 1;
  const n1 = shape[isShared ? 0 : 1]!;
  const strides: [number, number, number] = isShared ? [0, 1, 0] : [n1 * n2!, n2!, 1];
  return [n0!, n1, n2!, extent!, ...strides];
}

const takeOp: Op<Inputs, object> = defineOp({
  name: 'take',
  gives: 'inputs',
  shape: ({ x, places }) => ({ shape: walk(x.shape, places).slice(0, 3) }),
  forward: (k, { inputs: { x, places } }, { inputs: at, output }) =>
    k.takeAlong(...walk(x.shape, places), at.x, at.places, output),
  backward: ({ inputs: { x, places } }, dy) => ({
    x: apply(putOp, { places, updates: dy }, { code: 1, shape: x.shape }),
  }),
});

interface PutInputs {
  /** What updates are put into; absent: zeros. */
  readonly x?: Tensor | undefined;
  readonly places: Tensor;
  readonly updates: Tensor;
}

interface PutAttributes {
  /** How an update meets what is there: assembly/along.ts. */
  readonly code: number;
  readonly shape: Shape;
}

/* @__NO_SIDE_EFFECTS__ */
function definePut(name: string, backward?: Op<PutInputs, PutAttributes>['backward']) {
  const op: Op<PutInputs, PutAttributes> = {
    name,
    shape: (_, { shape }) => ({ shape }),
    forward(k, { inputs: { places }, attributes: { code, shape } }, { inputs: at, output }) {
      const extents = walk(shape, places);
      k.putAlong(code, ...extents, at.x ?? 0, at.places, at.updates, output);
    },
  };
  return defineOp(backward ? { ...op, backward } : op);
}

const putOp: Op<PutInputs, PutAttributes> = definePut(
  'put',
  ({ inputs: { x, places, updates }, attributes: { code, shape } }, dy) => {
    if (code === 1) return { x: x && dy, updates: apply(takeOp, { x: dy, places }, {}) };
    const zeros = constant(0, updates.shape);
    return {
      x: x && apply(putOp, { x: dy, places, updates: zeros }, { code, shape }),
      updates: apply(putGradientOp, { places, dy }, { shape: updates.shape }),
    };
  },
);

/** The reductions without a gradient. */
const foldOp = definePut('fold');

interface PutGradientInputs {
  readonly places: Tensor;
  readonly dy: Tensor;
}

const putGradientOp: Op<PutGradientInputs, { shape: Shape }> = defineOp<
  PutGradientInputs,
  { shape: Shape }
>({
  name: 'putGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { places, dy } }, { inputs: at, output, workspace }) {
    const extents = walk(dy.shape, places);
    k.putAlongGradient(...extents, at.places, at.dy, output, workspace);
  },
  backward: ({ inputs: { places, dy } }, g) => ({
    dy: apply(putOp, { places, updates: g }, { code: 0, shape: dy.shape }),
  }),
  workspace: ({ inputs: { dy } }) => sizeOf(dy.shape) * 4,
});

/** Float32 tells all whole numbers apart up to here. */
export const MOST_PLACES = 2 ** 24 - 1;

/** @throws ShapeError unless float32 numbers all places of `shape`. */
function checkCount(name: string, shape: Shape): void {
  const count = sizeOf(shape);
  if (count <= MOST_PLACES) return;
  throw new ShapeError(
    name,
    `${count} places in ${showShape(shape)}: float32 counts ${MOST_PLACES} at most`,
  );
}

/** axisOf for an axis whose places are numbers in float32. */
export function countedAxis(name: string, x: Tensor, axis: number): number {
  const along = axisOf(name, x, axis);
  checkCount(name, [x.shape[along]!]);
  return along;
}

/** x as outer×extent×inner around an axis. */
function around(x: Tensor, axis: number): Tensor {
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  return reshape(x, [sizeOf(outer), x.shape[axis]!, sizeOf(inner)]);
}

const asPlaces = (indices: Tensor): Tensor =>
  indices.dtype === 'i32' ? toFloats(indices) : indices;

/**
 * The slices of x along `axis` whose numbers stand in `indices`, which takes the axis's place: with x 3×4, axis 0 and
 * indices n×T, the result is n×T×4. Indices are whole numbers, i32 or float32; negative ones count from the end. One
 * that is outside, or no whole number, gives NaN. The gradient adds up over the positions, in order; there is none by
 * the indices.
 * @throws ShapeError for an axis that x does not have, or of more elements than float32 counts (2²⁴ − 1).
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  const along = countedAxis('gather', x, axis);
  const places = reshape(asPlaces(indices), [sizeOf(indices.shape)]);
  const y = apply(takeOp, { x: around(x, along), places }, {});
  const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)];
  return reshape(y, shape);
}

/** The ranges from 0 of `shape`, all of `axis`. */
const corner = (shape: Shape, axis: number): Range[] =>
  shape.map((extent, at) => (at === axis ? [] : [0, extent]));

/** @throws ShapeError unless indices have x's axes, and do not reach beyond them along the others. */
function checkElements(name: string, x: Tensor, indices: Tensor, axis: number): void {
  const reaches = indices.shape.some((extent, at) => at !== axis && extent > x.shape[at]!);
  if (indices.shape.length === x.shape.length && !reaches) return;
  throw new ShapeError(
    name,
    `indices ${showShape(indices.shape)} for ${showShape(x.shape)}: expected as many axes, none of them longer except axis ${axis}`,
  );
}

/**
 * The elements of x along `axis` whose numbers stand in `indices`, one of the line for each: y[i, j] = x[indices[i, j], j]
 * for axis 0 of a matrix. Indices have as many axes as x, and the result has their shape; along other axes they may end
 * earlier. What indices are, and what those outside give: see `gather`.
 * @throws ShapeError if indices do not fit x.
 */
export function takeAlong(x: Tensor, indices: Tensor, axis: number): Tensor {
  const along = countedAxis('takeAlong', x, axis);
  checkElements('takeAlong', x, indices, along);
  const lines = around(cut(x, corner(indices.shape, along)), along);
  return reshape(
    apply(takeOp, { x: lines, places: around(asPlaces(indices), along) }, {}),
    indices.shape,
  );
}

/** x[ranges], which is x itself where they leave out nothing. */
function cut(x: Tensor, ranges: readonly Range[]): Tensor {
  const isWhole = ranges.every(([, stop], axis) => stop === undefined || stop === x.shape[axis]);
  return isWhole ? x : slice(x, ranges);
}

/** How an update meets what is there, in the order of the kernel's codes. */
const REDUCTIONS = ['none', 'add', 'multiply', 'max', 'min'] as const;

export interface ScatterOptions {
  /**
   * What becomes of the value that is there: it is replaced (`none`, the default; of several updates of one place the last one stays), or the
   * update is added or multiplied, or the larger or smaller of both stays. Only `none` and `add` have gradients.
   */
  readonly reduce?: (typeof REDUCTIONS)[number];
}

function scattered(name: string, inputs: PutInputs & { x: Tensor }, options: ScatterOptions) {
  checkOptions(name, options, { reduce: oneOf(REDUCTIONS) });
  const code = REDUCTIONS.indexOf(options.reduce ?? 'none');
  return apply(code < 2 ? putOp : foldOp, inputs, { code, shape: inputs.x.shape });
}

/**
 * x with `updates` put along `axis` at the places that `indices` names, one of the line for each, the inverse of `takeAlong`:
 * y[indices[i, j], j] = updates[i, j] for axis 0 of a matrix. Indices and updates have one shape, with as many axes as x;
 * along other axes they may end earlier. An index outside makes its line along the axis NaN.
 * @throws ShapeError if indices do not fit x, or updates do not have their shape.
 */
export function scatter(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  options: ScatterOptions = {},
): Tensor {
  const along = countedAxis('scatter', x, axis);
  checkElements('scatter', x, indices, along);
  if (showShape(indices.shape) !== showShape(updates.shape)) {
    throw new ShapeError(
      'scatter',
      `updates ${showShape(updates.shape)} differ from indices ${showShape(indices.shape)}`,
    );
  }
  const part = cut(x, corner(indices.shape, along));
  const [places, changes] = [asPlaces(indices), updates].map((one) => around(one, along));
  const inputs = { x: around(part, along), places: places!, updates: changes! };
  let y = reshape(scattered('scatter', inputs, options), part.shape);
  // What lies outside the updates' corner is joined again, axis by axis.
  for (let at = x.shape.length - 1; at >= 0; at--) {
    const [end, whole] = [y.shape[at]!, x.shape[at]!];
    if (end === whole) continue;
    const rest = x.shape.map((extent, other): Range =>
      other === at ? [end, whole] : [0, other < at ? y.shape[other]! : extent],
    );
    y = concat([y, slice(x, rest)], at);
  }
  return y;
}

const flatOp = defineOp<{ x: Tensor; before?: Tensor | undefined }, { extent: number }>({
  name: 'flatPlaces',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { attributes: { extent }, output: { shape } }, { inputs: at, output }) =>
    k.flatPlaces(sizeOf(shape), extent, at.x, at.before ?? 0, output),
});

/** x as places×(size of a slice), and the numbers, 1-D, of the places that the rows of `indices` lead to. */
function flattened(name: string, x: Tensor, indices: Tensor): { slices: Tensor; places: Tensor } {
  const K = indices.shape.at(-1) ?? 0;
  const counted = x.shape.slice(0, K);
  const [count, within] = [sizeOf(counted), sizeOf(x.shape.slice(K))];
  if (K < 1 || K > x.shape.length) {
    throw new ShapeError(
      name,
      `indices ${showShape(indices.shape)} for ${showShape(x.shape)}: expected a last axis of 1 to ${x.shape.length} numbers`,
    );
  }
  checkCount(name, counted);
  const rows = reshape(asPlaces(indices), [sizeOf(indices.shape) / K, K]);
  let places: Tensor | undefined;
  counted.forEach((extent, k) => {
    const one = reshape(slice(rows, [[], [k, k + 1]]), [rows.shape[0]!]);
    places = apply(flatOp, { x: one, before: places }, { extent });
  });
  return { slices: reshape(x, [1, count, within]), places: places! };
}

/**
 * The slices of x at places of its first axes: the last axis of `indices` holds the K numbers of a place, and each place
 * gives x[i₁, …, i_K], so that indices n×K and x 3×4×5 give n×5 with K = 2. What indices are, and what those outside
 * give: see `gather`.
 * @throws ShapeError if K is not from 1 to the number of x's axes.
 */
export function gatherNd(x: Tensor, indices: Tensor): Tensor {
  const { slices, places } = flattened('gatherNd', x, indices);
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape.at(-1)!)];
  return reshape(apply(takeOp, { x: slices, places }, {}), shape);
}

/**
 * x with slices put at places of its first axes, the inverse of `gatherNd`: `updates` have the shape that gatherNd(x,
 * indices) has. A place outside makes all of x NaN.
 * @throws ShapeError if indices do not fit x, or updates do not have the shape.
 */
export function scatterNd(
  x: Tensor,
  indices: Tensor,
  updates: Tensor,
  options: ScatterOptions = {},
): Tensor {
  const { slices, places } = flattened('scatterNd', x, indices);
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape.at(-1)!)];
  if (showShape(updates.shape) !== showShape(shape)) {
    throw new ShapeError(
      'scatterNd',
      `updates have shape ${showShape(updates.shape)}, expected ${showShape(shape)}`,
    );
  }
  const changes = reshape(updates, [1, places.shape[0]!, slices.shape[2]!]);
  const inputs = { x: slices, places, updates: changes };
  return reshape(scattered('scatterNd', inputs, options), x.shape);
}
