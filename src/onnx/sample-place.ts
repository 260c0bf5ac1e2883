/**
 * Where the samples lie in the tensors of a file, and whether an op mixes them. A shard of a minibatch does not see the
 * others, so an op along the axis of samples is refused.
 */
import { LanewiseError } from '../base/errors.js';
import { sizeOf } from '../graph/tensor.js';
import type { Attributes } from './attributes.js';
import type { Place, Value, Wires } from './value.js';

/** Axis 0 has the samples and nothing else. */
export const SAMPLES: Place = { axis: 0, outer: 1, inner: 1 };

export const isPlain = (place: Place | undefined): boolean =>
  place?.axis === 0 && place.outer === 1 && place.inner === 1;

type Shapes = readonly (readonly number[])[];

/** The shapes of a value, one for each probe; undefined for what is missing. */
export const shapesOf = (value: Value | undefined): Shapes | undefined =>
  value?.kind === 'wires' || value?.kind === 'numbers'
    ? value.probes.map(({ shape }) => shape)
    : value?.kind === 'weight'
      ? [value.shape]
      : undefined;

const mixes = (why: string): LanewiseError => new LanewiseError('file', `mixes samples: ${why}`);

/**
 * Where the samples are after a change of shape that moves no element.
 * @throws LanewiseError kind 'file' if no axis of the result has them.
 */
export function reshapedPlace(
  place: Place,
  from: Shapes,
  to: Shapes,
  sizes: readonly number[],
): Place {
  const found = to[0]!
    .map((_, axis) => axis)
    .map((axis) => {
      const each = sizes.map((N, i) => {
        const stride = place.inner * sizeOf(from[i]!.slice(place.axis + 1));
        const inner = stride / sizeOf(to[i]!.slice(axis + 1));
        const outer = to[i]![axis]! / (N * inner);
        return Number.isInteger(inner) && Number.isInteger(outer)
          ? { axis, outer, inner }
          : undefined;
      });
      const [first] = each;
      return first && each.every((one) => one?.outer === first.outer && one.inner === first.inner)
        ? first
        : undefined;
    });
  const places = found.filter((one) => one !== undefined);
  const best = places.find(({ outer, inner }) => outer === 1 && inner === 1) ?? places[0];
  if (best) return best;
  throw mixes(
    `its shape ${from[0]!.join('×')} becomes ${to[0]!.join('×')} with ${sizes[0]} samples on axis ${place.axis}`,
  );
}

/** The axis of each op that is normalised, reduced, sorted or joined along one, with its default. */
const ALONG: Readonly<Record<string, number | undefined>> = {
  ArgMax: 0,
  ArgMin: 0,
  Compress: 0,
  Concat: undefined,
  GatherElements: 0,
  Hardmax: -1,
  LogSoftmax: -1,
  LpNormalization: -1,
  ScatterElements: 0,
  Softmax: -1,
  Split: 0,
  TopK: -1,
};

/** Until these opsets all axes from the axis on count as one. */
const FLATTENS = /^(Hardmax|LogSoftmax|Softmax)$/;

const numbersAt = (operand: Value | undefined): number[] | undefined =>
  operand?.kind === 'numbers' ? Array.from(operand.probes[0]!.values) : undefined;

/** The axes along which an op mixes what stands on them; undefined if the op has no such rule. */
function mixedAxes(
  op: string,
  version: number,
  attributes: Attributes,
  operands: readonly (Value | undefined)[],
  rank: number,
): number[] | undefined {
  const at = (axis: number) => (axis < 0 ? axis + rank : axis);
  if (Object.hasOwn(ALONG, op)) {
    const flat = FLATTENS.test(op) && version < 13;
    const axis = at(
      typeof attributes['axis'] === 'number' ? attributes['axis'] : flat ? 1 : (ALONG[op] ?? 1),
    );
    return flat ? Array.from({ length: rank - axis }, (_, i) => axis + i) : [axis];
  }
  if (op === 'CumSum' || op === 'CumProd') return numbersAt(operands[1])?.map(at) ?? [0];
  if (op.startsWith('Reduce')) {
    const given = numbersAt(operands[1]) ?? (attributes['axes'] as number[] | undefined) ?? [];
    if (given.length === 0 && attributes['noop_with_empty_axes'] === 1) return [];
    return given.length > 0 ? given.map(at) : Array.from({ length: rank }, (_, i) => i);
  }
  if (/^(Layer|RMS|SimplifiedLayer|LpLayer)Normalization$/.test(op)) {
    const axis = at(typeof attributes['axis'] === 'number' ? attributes['axis'] : -1);
    return Array.from({ length: rank - axis }, (_, i) => axis + i);
  }
  if (op === 'MeanVarianceNormalization')
    return (attributes['axes'] as number[] | undefined)?.map(at) ?? [0, 2, 3];
  if (op === 'ReverseSequence')
    return [typeof attributes['time_axis'] === 'number' ? attributes['time_axis'] : 0];
  if (op === 'Trilu') return [rank - 2, rank - 1];
  if (op === 'Slice') return turnedAxes(attributes, operands).map(at);
  if (op === 'Pad') return paddedAxes(attributes, operands, rank).map(at);
  return undefined;
}

/** The axes along which a Slice goes backwards. */
function turnedAxes(attributes: Attributes, operands: readonly (Value | undefined)[]): number[] {
  const axes = numbersAt(operands[3]) ?? (attributes['axes'] as number[] | undefined);
  const steps = numbersAt(operands[4]) ?? [];
  return steps.flatMap((step, i) => (step < 0 ? [axes?.[i] ?? i] : []));
}

/** The axes that a Pad makes longer or shorter, on either side. */
function paddedAxes(
  attributes: Attributes,
  operands: readonly (Value | undefined)[],
  rank: number,
): number[] {
  const pads = numbersAt(operands[1]) ?? (attributes['pads'] as number[] | undefined) ?? [];
  const axes = numbersAt(operands[3]) ?? Array.from({ length: rank }, (_, i) => i);
  return axes.filter((_, i) => pads[i] !== 0 || pads[i + axes.length] !== 0);
}

/** @throws LanewiseError for ops whose other inputs decide whether samples meet. */
function checkInputs(
  { op, attributes, operands }: Placed,
  isOf: (value: Value | undefined) => boolean,
): void {
  const of = operands.map(isOf);
  const others = operands.some((value, i) => value?.kind === 'wires' && !of[i]);
  if (/^(Gather|Scatter)Elements$|^Scatter$/.test(op) && (others || !of[0] || !of[1]))
    throw mixes('it moves values of some of its inputs by the number that a sample has');
  // What a CausalConvWithState takes after its bias is each sample's own state.
  if (/^(Conv|ConvTranspose|CausalConvWithState)$/.test(op) && of.slice(1, 3).some(Boolean))
    throw mixes('its weights are computed from samples');
  if (op === 'ScatterND' && of[0]) throw mixes('it writes where indices say, along axis 0 too');
  if (op === 'GatherND' && of[0] && !attributes['batch_dims'])
    throw mixes('it picks along axis 0, on which they are');
  if (op === 'EyeLike') throw mixes('its result depends on the number that a sample has');
  const roi = attributes['coordinate_transformation_mode'] === 'tf_crop_and_resize';
  const ends = numbersAt(operands[1]) ?? [];
  const axes = attributes['axes'] as number[] | undefined;
  if (op === 'Resize' && roi && (axes?.includes(0) ?? true))
    if (ends[0] !== 0 || ends[ends.length / 2] !== 1) throw mixes('it cuts along axis 0');
}

const rankOf = (value: Wires): number => value.probes[0]!.shape.length;

/** Where the samples are in a broadcast result. */
function broadcastPlace(
  samples: readonly Wires[],
  all: readonly (Value | undefined)[],
  rank: number,
): Place {
  const places = samples.map((value) => ({
    ...value.place!,
    axis: value.place!.axis + rank - rankOf(value),
  }));
  const [first] = places as [Place];
  if (
    places.some(
      ({ axis, outer, inner }) =>
        axis !== first.axis || outer !== first.outer || inner !== first.inner,
    )
  )
    throw mixes('its inputs have their samples on different axes');
  for (const value of all) {
    const shapes = shapesOf(value);
    const axis = first.axis - rank + (shapes?.[0]!.length ?? 0);
    const wide =
      value &&
      !samples.includes(value as Wires) &&
      shapes &&
      axis >= 0 &&
      shapes.find((shape) => shape[axis] !== 1);
    if (wide) throw mixes(`an input has ${wide[axis]} different values along the axis of samples`);
  }
  return first;
}

/** Where the samples are in a product of matrices. */
function productPlace(a: Value | undefined, b: Value | undefined, rank: number): Place {
  const found = [a, b].map((value, side) => {
    if (value?.kind !== 'wires' || !value.place) return undefined;
    const own = rankOf(value);
    const { axis } = value.place;
    const contracted = side === 0 ? own - 1 : Math.max(0, own - 2);
    if (axis === contracted) throw mixes('it sums over them');
    // A vector on the other side takes an axis away.
    const shift =
      side === 0
        ? (value === a && shapesOf(b)![0]!.length === 1 ? rank + 1 : rank) - own
        : rank - own;
    return { ...value.place, axis: axis + shift };
  });
  const [left, right] = found;
  if (
    left &&
    right &&
    (left.axis !== right.axis ||
      left.inner !== right.inner ||
      left.outer !== right.outer ||
      left.axis >= rank - 2)
  )
    throw mixes('its factors have their samples on different axes');
  const place = left ?? right;
  if (!place) throw mixes('an input that it does not take has them');
  return place;
}

/** An op to be applied, as far as the place of samples goes. */
export interface Placed {
  readonly op: string;
  readonly version: number;
  readonly attributes: Attributes;
  readonly operands: readonly (Value | undefined)[];
  /** The result's shapes. */
  readonly shapes: Shapes;
  /** The numbers of samples of the probes. */
  readonly sizes: readonly number[];
}

/** Ops element by element, whatever the shapes. */
const ELEMENTWISE =
  /^(Abs|Acosh?|Add|And|Asinh?|Atanh?|Bitwise.*|Cast|Ceil|Celu|Clip|Cosh?|Div|Dropout|Elu|Equal|Erf|Exp|Floor|Gelu|Greater|GreaterOrEqual|HardSigmoid|HardSwish|Identity|IsInf|IsNaN|LeakyRelu|Less|LessOrEqual|Log|Max|Mean|Min|Mish|Mod|Mul|Neg|Not|Or|PRelu|Pow|Reciprocal|Relu|Round|Selu|Sigmoid|Sign|Sinh?|Softplus|Softsign|Sqrt|Sub|Sum|Swish|Tanh?|ThresholdedRelu|Where|Xor)$/;

/**
 * Where the samples are in an op's result; undefined if it does not depend on them.
 * @throws LanewiseError kind 'file' if it mixes samples.
 */
export function placeOf(call: Placed): Place | undefined {
  const { op, version, attributes, operands, shapes, sizes } = call;
  const samples = operands.filter(
    (value): value is Wires => value?.kind === 'wires' && value.place !== undefined,
  );
  const [x] = samples;
  if (!x) {
    const copied = shapes[0]!.findIndex((_, axis) =>
      sizes.every((N, i) => shapes[i]![axis] === (shapes[0]![axis]! / sizes[0]!) * N),
    );
    // The same values for every sample.
    if (op === 'Expand' && copied >= 0)
      return { axis: copied, outer: 1, inner: shapes[0]![copied]! / sizes[0]! };
    if (shapes.some((shape) => shape.join() !== shapes[0]!.join()))
      throw mixes('its shape depends on their number, its values do not');
    return undefined;
  }
  const place = x.place!;
  const rank = shapes[0]!.length;
  if (ELEMENTWISE.test(op)) return checked(broadcastPlace(samples, operands, rank), call);
  if (/^(Reshape|Flatten|Squeeze|Unsqueeze)$/.test(op))
    return reshapedPlace(place, shapesOf(x)!, shapes, sizes);
  if (op === 'Transpose') {
    const axes =
      (attributes['perm'] as number[] | undefined) ??
      Array.from({ length: rank }, (_, i) => rank - 1 - i);
    return { ...place, axis: axes.indexOf(place.axis) };
  }
  if (op === 'MatMul') return checked(productPlace(operands[0], operands[1], rank), call);
  if (op === 'Gemm') return checked(gemmPlace(attributes, operands, rank), call);
  if (op === 'Gather') return checked(gatherPlace(attributes, operands), call);
  if (op === 'Expand' || op === 'Tile')
    return checked({ ...place, axis: place.axis + rank - rankOf(x) }, call);
  if (op === 'Einsum') return checked(einsumPlace(attributes, operands), call);
  checkInputs(call, (value) => samples.includes(value as Wires));
  if (/^(GRU|LSTM|RNN)$/.test(op) && attributes['layout'] !== 1)
    return checked(recurrentPlace(operands, rank), call);
  const mixed = mixedAxes(op, version, attributes, operands, rankOf(x));
  if (mixed?.includes(place.axis))
    throw mixes(`it goes along axis ${place.axis}, on which they are`);
  if (!mixed && place.axis !== 0)
    throw mixes(`${op} wants them on axis 0, they are on axis ${place.axis}`);
  if (
    samples.some(
      (other) =>
        other.place!.axis !== place.axis ||
        other.place!.inner !== place.inner ||
        other.place!.outer !== place.outer,
    )
  )
    throw mixes('its inputs have their samples on different axes');
  const removed =
    op.startsWith('Reduce') || op.startsWith('Arg') ? attributes['keepdims'] === 0 : false;
  const before = removed ? mixed!.filter((axis) => axis < place.axis).length : 0;
  return checked({ ...place, axis: place.axis - before }, call);
}

/** The place, if the result's extent there follows from the number of samples. */
function checked(place: Place, { shapes, sizes }: Placed): Place {
  if (place.axis < 0)
    throw mixes('an input that it does not take, or not in such a shape, has them');
  const fits = sizes.every((N, i) => shapes[i]![place.axis] === place.outer * N * place.inner);
  if (fits) return place;
  throw mixes(
    `its result has ${shapes[0]![place.axis]} on axis ${place.axis} for ${sizes[0]} samples`,
  );
}

function gemmPlace(
  attributes: Attributes,
  operands: readonly (Value | undefined)[],
  rank: number,
): Place {
  const [a, b, c] = operands.map((value) =>
    value?.kind === 'wires' && value.place ? value : undefined,
  );
  if (b || (a && a.place!.axis !== (attributes['transA'] === 1 ? 1 : 0)) || !a)
    throw mixes('it sums over them');
  if (c) return broadcastPlace([c], [c], rank);
  return { ...a.place!, axis: 0 };
}

function gatherPlace(attributes: Attributes, operands: readonly (Value | undefined)[]): Place {
  const [x, indices] = operands.map((value) =>
    value?.kind === 'wires' && value.place ? value : undefined,
  );
  const rank = shapesOf(operands[0])![0]!.length;
  const given = typeof attributes['axis'] === 'number' ? attributes['axis'] : 0;
  const axis = given < 0 ? given + rank : given;
  if (!x && !indices) throw mixes('an input that it does not take has them');
  if (!x) return { ...indices!.place!, axis: indices!.place!.axis + axis };
  const { place } = x as { place: Place };
  if (indices || place.axis === axis) throw mixes(`it picks along axis ${axis}, on which they are`);
  const added = shapesOf(operands[1])![0]!.length - 1;
  return { ...place, axis: place.axis > axis ? place.axis + added : place.axis };
}

/** Steps × samples × features, and states of directions × samples × units; results are those, or steps × directions × … */
function recurrentPlace(operands: readonly (Value | undefined)[], rank: number): Place {
  // Only the lengths of sequences are one number a sample.
  operands.forEach((value, i) => {
    if (value?.kind !== 'wires' || !value.place) return;
    const { axis, outer, inner } = value.place;
    if (axis !== (i === 4 ? 0 : 1) || outer !== 1 || inner !== 1)
      throw mixes(`input ${i} has them on axis ${axis}, expected axis ${i === 4 ? 0 : 1}`);
  });
  return { axis: rank - 2, outer: 1, inner: 1 };
}

/** The samples' letter is one that all that have samples name them by, and no one else, and that the result keeps. */
function einsumPlace(attributes: Attributes, operands: readonly (Value | undefined)[]): Place {
  const [terms = '', result] = String(attributes['equation']).replaceAll(/\s/g, '').split('->');
  // An axis is named by its letter, those of the ellipsis by their places from its end.
  const named = (term: string, rank: number): string[] => {
    const [before, after] = term.split('...');
    if (after === undefined) return [...term];
    const between = Math.max(0, rank - before!.length - after.length);
    return [...before!, ...Array.from({ length: between }, (_, i) => `${between - i}`), ...after];
  };
  const each = terms
    .split(',')
    .map((term, i) => named(term, shapesOf(operands[i])?.[0]!.length ?? 0));
  const most = Math.max(...each.map((names) => names.filter((name) => /\d/.test(name)).length));
  const all = each.flat().toSorted();
  const once = all.filter((name) => all.indexOf(name) === all.lastIndexOf(name));
  const kept = named(
    result ?? `...${once.filter((name) => !/\d/.test(name)).join('')}`,
    result === undefined ? 0 : result.replace('...', '').length + most,
  );
  const ellipsis = Array.from({ length: most }, (_, i) => `${most - i}`);
  const output = result === undefined ? [...ellipsis, ...kept] : kept;
  const places = operands.map((value) => (value?.kind === 'wires' ? value.place : undefined));
  const letters = places.map((place, i) => place && each[i]![place.axis]);
  const letter = letters.find((one) => one !== undefined);
  const [first] = places.filter((place) => place !== undefined) as [Place];
  const agree = places.every((place, i) =>
    place
      ? letters[i] === letter && place.outer === first.outer && place.inner === first.inner
      : !each[i]!.includes(letter!),
  );
  const repeats = each.some((names) => names.filter((name) => name === letter).length > 1);
  if (!agree || repeats) throw mixes('it multiplies different ones');
  if (!output.includes(letter!)) throw mixes('it sums over them');
  return { ...first, axis: output.indexOf(letter!) };
}
