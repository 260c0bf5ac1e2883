/** Patterns of nodes that move elements: reshaping, transposing, joining, slicing, padding. */
import { sizeOf } from '../graph/tensor.js';
import * as layers from '../layers/index.js';
import { numberAt } from './attributes.js';
import {
  permutation,
  ranges,
  splitSizes,
  squeezed,
  unsqueezed,
  wantedShape,
  type HostCall,
} from './host-moves.js';
import { FLOAT_TYPES } from './messages.js';
import {
  axisFrom,
  listAt,
  one,
  rankOf,
  samplesAt,
  wiresAt,
  type Call,
  type Patterns,
} from './pattern.js';
import { add, applyOp, note } from './reader.js';
import { typeName } from './rules/cast-rules.js';
import { isPlain, reshapedPlace } from './sample-place.js';
import { scalarOf, type Numbers, type Place, type Value, type Wires } from './value.js';

type Shapes = readonly (readonly number[])[];

/** x in other shapes, with its samples at `place`. */
export function viewed(call: Call, x: Wires, to: Shapes, place: Place | undefined): Wires {
  const { reader, node, inputs: from } = call;
  const inner = x.turned;
  // T×N×… of N×T×…, and another shape of what follows: the change of shape first.
  if (
    inner?.axes.every((axis, i) => axis === (i < 2 ? 1 - i : i)) &&
    to.every(
      (shape, i) =>
        shape[0] === x.probes[i]!.shape[0] &&
        shape[1] === x.probes[i]!.shape[1] &&
        shape.length > 2,
    )
  ) {
    const swapped = to.map(([a, b, ...rest]) => [b!, a!, ...rest]);
    return turned(
      call,
      viewed(call, inner.of, swapped, inner.of.place),
      to[0]!.map((_, i) => (i < 2 ? 1 - i : i)),
    );
  }
  const source = x.viewOf ?? x;
  const isSource = source.probes.every(({ shape }, i) => shape.join() === to[i]!.join());
  if (isSource && source.place?.axis === place?.axis && source.place?.inner === place?.inner)
    return source;
  if (isPlain(source.place) && isPlain(place)) {
    const each = to[0]!.slice(1);
    const layer = each.length === 1 && rankOf(source) > 2 ? layers.flatten() : layers.reshape(each);
    return {
      ...add(reader, { layer, inputs: [source], node, from, place, type: x.type }),
      viewOf: source,
    };
  }
  const shapes: Numbers = {
    kind: 'numbers',
    probes: to.map((shape) => ({ type: 'int64', shape: [shape.length], values: shape })),
  };
  const made = applyOp(reader, node, { op: 'Reshape', attributes: {}, operands: [source, shapes] });
  return { ...made, place, from, viewOf: source };
}

/** A node that gives its input another shape, by a rule from shape to shape. */
const reshaping =
  (
    shapeOf: (call: Call, from: readonly number[], probe: number) => readonly number[] | undefined,
  ) =>
  (call: Call): readonly Value[] | undefined => {
    const x = wiresAt(call, 0);
    if (!x) return undefined;
    const { reader } = call;
    const from = x.probes.map(({ shape }) => shape);
    const to = from.map((shape, i) => shapeOf(call, shape, i));
    if (x.place && reader.written !== undefined) {
      const rewritten = writtenShapes(call, x, shapeOf);
      if (rewritten) {
        if (to.some((shape, i) => shape?.join() !== rewritten.to[i]!.join()))
          note(reader, 'rewritten', call.node.name || call.node.op);
        return [viewed(call, x, rewritten.to, rewritten.place)];
      }
    }
    if (to.some((shape, i) => !shape || sizeOf(shape) !== sizeOf(from[i]!))) return undefined;
    const place = x.place && reshapedPlace(x.place, from, to as Shapes, reader.sizes);
    return [viewed(call, x, to as Shapes, place)];
  };

/**
 * The shapes for any number of samples of a file that is written for one number, if its shape does not follow from the
 * input's: samples on another axis than the last, alone or outermost there, where several would do.
 */
function writtenShapes(
  call: Call,
  x: Wires,
  shapeOf: (call: Call, from: readonly number[], probe: number) => readonly number[] | undefined,
): { to: Shapes; place: Place } | undefined {
  const { reader } = call;
  const B = reader.written!;
  const { axis, outer, inner } = x.place!;
  const target = call.inputs[1];
  if (
    call.node.op === 'Reshape' &&
    (target?.kind !== 'numbers' ||
      new Set(target.probes.map(({ values }) => Array.from(values).join())).size > 1)
  )
    return undefined;
  const from = x.probes[0]!.shape.with(axis, outer * B * inner);
  const shape = shapeOf(call, from, 0);
  if (!shape || sizeOf(shape) !== sizeOf(from)) return undefined;
  const stride = inner * sizeOf(from.slice(axis + 1));
  const places = shape.flatMap((extent, i) => {
    const within = stride / sizeOf(shape.slice(i + 1));
    const around = extent / (B * within);
    return Number.isInteger(within) && Number.isInteger(around)
      ? [{ axis: i, outer: around, inner: within }]
      : [];
  });
  const worth = (place: Place) =>
    Number(place.axis === shape.length - 1) * 4 +
    Number(place.outer !== 1) * 2 +
    Number(place.inner !== 1);
  const [place] = places.toSorted((a, b) => worth(a) - worth(b));
  return (
    place && {
      place,
      to: reader.sizes.map((N) => shape.with(place.axis, place.outer * N * place.inner)),
    }
  );
}

/** The numbers of a probe of input `i`, or of an attribute. */
function probeAt(
  { inputs, attributes }: Call,
  name: string,
  i: number,
  probe: number,
): number[] | undefined {
  const value = inputs[i];
  if (value) return value.kind === 'numbers' ? Array.from(value.probes[probe]!.values) : undefined;
  return attributes[name] as number[] | undefined;
}

function transpose(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const axes = x && permutation(rankOf(x), call.attributes['perm']);
  if (!x || !axes) return undefined;
  return [turned(call, x, axes)];
}

/** x with axis k of axes[k]. */
export function turned(call: Call, x: Wires, axes: readonly number[]): Wires {
  const { reader, node, inputs: from } = call;
  const source = x.turned?.of ?? x;
  const composed = x.turned ? axes.map((axis) => x.turned!.axes[axis]!) : axes;
  if (composed.every((axis, i) => axis === i)) return source;
  const made =
    isPlain(source.place) && composed[0] === 0
      ? add(reader, { layer: layers.permute(composed), inputs: [source], node, type: x.type })
      : applyOp(reader, node, {
          op: 'Transpose',
          attributes: { perm: composed },
          operands: [source],
        });
  return { ...made, from, turned: { of: source, axes: composed } };
}

/** What is the same for all samples, for each of them: in files for one number of samples it stands there as often. */
function forSamples({ reader, node }: Call, value: Value | undefined): Value | undefined {
  const made = value?.kind === 'wires' && value.node?.op === 'Expand' ? value.from[0] : value;
  if (!made || made.kind === 'missing' || (made.kind === 'wires' && made.place)) return value;
  const shape = made.kind === 'weight' ? made.shape : made.probes[0]!.shape;
  if (shape[0] !== 1) return value;
  const probes = reader.sizes.map((N) => ({
    type: 'int64',
    shape: [shape.length],
    values: [N, ...shape.slice(1)],
  }));
  const target: Numbers = { kind: 'numbers', probes };
  return applyOp(reader, node, { op: 'Expand', attributes: {}, operands: [made, target] });
}

function concat(given: Call): readonly Value[] | undefined {
  const hasSamples = given.inputs.some((_, i) => samplesAt(given, i));
  const isWritten =
    hasSamples && given.reader.written !== undefined && given.attributes['axis'] !== 0;
  const call = isWritten
    ? { ...given, inputs: given.inputs.map((value) => forSamples(given, value)) }
    : given;
  const xs = call.inputs.map((_, i) => samplesAt(call, i));
  const [first] = xs;
  const axis = axisFrom(numberAt(call, 'axis', 1), first ? rankOf(first) : 0);
  if (axis < 1 || xs.some((x) => !x)) return undefined;
  return one(call, layers.concat(axis === 1 ? {} : { axis }), xs as Wires[]);
}

/** The node as known numbers' ops read it, for its axes and bounds. */
const asHost = ({ node, version, attributes, inputs }: Call): HostCall => ({
  op: node.op,
  version,
  attributes,
  inputs: inputs.map((value) => (value?.kind === 'numbers' ? value.probes[0] : undefined)),
  outputs: node.outputs.length,
});

function slice(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const isKnown = call.inputs.slice(1).every((value) => !value || value.kind === 'numbers');
  const parts = x && isKnown ? ranges(asHost(call), x.probes[0]!.shape) : undefined;
  if (!x || !parts) return undefined;
  const { shape } = x.probes[0]!;
  const cut = parts.flatMap(([start, count, step], axis) =>
    start === 0 && count === shape[axis] && step === 1 ? [] : [axis],
  );
  if (cut.length === 0) return [x];
  if (cut.some((axis) => axis === 0 || parts[axis]![2] !== 1 || parts[axis]![1] === 0))
    return undefined;
  return [
    cut.reduce((y, axis) => {
      const [start, count] = parts[axis]!;
      return one(call, layers.slice(axis, start, start + count), [y])[0]!;
    }, x),
  ];
}

function split(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const axis = axisFrom(numberAt(call, 'axis', 0), x ? rankOf(x) : 0);
  const sizes = x && axis > 0 ? splitSizes(asHost(call), x.probes[0]!.shape[axis]!) : undefined;
  if (!x || !sizes || sizes.length !== call.node.outputs.length) return undefined;
  let end = 0;
  return sizes.flatMap((size) => one(call, layers.slice(axis, (end += size) - size, end), [x]));
}

function pad(call: Call): readonly Value[] | undefined {
  const x = samplesAt(call, 0);
  const pads = listAt(call, 'pads', call.version < 11 ? undefined : 1);
  const mode = call.attributes['mode'] ?? 'constant';
  const given =
    call.version < 11 ? numberAt(call, 'value', 0) : call.inputs[2] ? scalarOf(call.inputs[2]) : 0;
  const rank = x ? rankOf(x) : 0;
  if (
    !x ||
    pads?.length !== 2 * rank ||
    call.inputs[3] ||
    pads.some((one) => one < 0) ||
    pads[0] ||
    pads[rank]
  )
    return undefined;
  if (given === undefined || Math.abs(given) > 3e38) return undefined;
  const widths = Array.from(
    { length: rank - 1 },
    (_, i) => [pads[i + 1]!, pads[rank + i + 1]!] as const,
  );
  if (widths.flat().every((width) => width === 0)) return [x];
  const value = given === 0 ? {} : { value: given };
  const isImage = rank === 4 && !pads[1] && !pads[rank + 1];
  const modes: Readonly<Record<string, 'zeros' | 'replicate' | 'reflect'>> = {
    constant: 'zeros',
    edge: 'replicate',
    reflect: 'reflect',
  };
  const known = modes[mode as string];
  if (isImage && known) {
    const [[top, bottom], [left, right]] = widths.slice(1) as [
      readonly [number, number],
      readonly [number, number],
    ];
    return one(
      call,
      layers.pad2d([left, right, top, bottom], {
        ...(known === 'zeros' ? value : { mode: known }),
      }),
      [x],
    );
  }
  return mode === 'constant' ? one(call, layers.pad(widths, value), [x]) : undefined;
}

/** A cast that changes nothing here: from floats to floats, from tokens to tokens. */
function cast(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const to = typeName(call.attributes['to']);
  if (!x) return undefined;
  const isSame =
    x.probes[0]!.dtype === 'i32'
      ? /^u?int(8|16|32|64)$/.test(to)
      : x.type === 'float' && FLOAT_TYPES.has(to);
  return isSame ? [{ ...x, type: x.probes[0]!.dtype === 'i32' ? x.type : 'float' }] : undefined;
}

export const movingPatterns: Patterns = {
  Cast: cast,
  Concat: concat,
  Flatten: reshaping((call, from) => {
    const given = numberAt(call, 'axis', 1);
    const axis = axisFrom(given, from.length);
    return [sizeOf(from.slice(0, axis)), sizeOf(from.slice(axis))];
  }),
  Pad: pad,
  Reshape: reshaping((call, from, probe) => {
    const wanted = probeAt(call, 'shape', 1, probe);
    return wanted && wantedShape(from, wanted, numberAt(call, 'allowzero', 0) === 1);
  }),
  Slice: slice,
  Split: split,
  Squeeze: reshaping((call, from, probe) => squeezed(from, probeAt(call, 'axes', 1, probe))),
  Transpose: transpose,
  Unsqueeze: reshaping((call, from, probe) => unsqueezed(from, probeAt(call, 'axes', 1, probe))),
};
