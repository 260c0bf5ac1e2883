/** Patterns of extents: shapes as known numbers, equal numbers for every sample, and one index of an axis. */
import { sizeOf } from '../graph/tensor.js';
import * as layers from '../layers/index.js';
import { numberAt } from './attributes.js';
import { turned, viewed } from './moving-patterns.js';
import { axisFrom, one, rankOf, wiresAt, type Call, type Patterns } from './pattern.js';
import { fileShape } from './reader.js';
import { isPlain } from './sample-place.js';
import { numbersOf, scalarOf, type Value } from './value.js';
import { isNamed } from './weights.js';

/** The extents of a tensor, or of some of its axes. */
function shape(call: Call): readonly Value[] | undefined {
  const {
    reader,
    inputs: [x],
  } = call;
  if (x?.kind === 'numbers' || x?.kind === 'weight') {
    const own = x.kind === 'weight' ? x.shape : x.probes[0]!.shape;
    const cut = own.slice(numberAt(call, 'start', 0), numberAt(call, 'end', own.length));
    return [numbersOf({ type: 'int64', shape: [cut.length], values: cut }, reader.sizes)];
  }
  if (x?.kind !== 'wires') return undefined;
  const probes = x.probes.map((tensor) => {
    const own = fileShape(reader, x, tensor);
    const cut = own.slice(numberAt(call, 'start', 0), numberAt(call, 'end', own.length));
    return { type: 'int64', shape: [cut.length], values: cut };
  });
  return [{ kind: 'numbers', probes }];
}

function size(call: Call): readonly Value[] | undefined {
  const found = shape({ ...call, attributes: {} })?.[0];
  if (found?.kind !== 'numbers') return undefined;
  return [
    {
      kind: 'numbers',
      probes: found.probes.map(({ values }) => ({
        type: 'int64',
        shape: [],
        values: [sizeOf(Array.from(values))],
      })),
    },
  ];
}

/** Equal numbers in as many places as there are samples, where the file is written for one number of them. */
function expand({ reader, inputs: [x, target] }: Call): readonly Value[] | undefined {
  if (target?.kind !== 'numbers' || reader.written === undefined) return undefined;
  // Initial states that were folded are zeros without a name.
  const values =
    x?.kind === 'numbers'
      ? x.probes[0]!.values
      : x?.kind === 'weight' && !isNamed(x.name)
        ? x.values()
        : [];
  const value = values[0];
  const type = x?.kind === 'numbers' ? x.probes[0]!.type : 'float';
  if (value === undefined || !Array.from(values).every((one) => one === value)) return undefined;
  const probes = target.probes.map(({ values: to }) => {
    const extents = Array.from(to);
    const count = sizeOf(extents);
    return {
      type,
      shape: extents,
      values: count <= 2 ** 20 ? new Float64Array(count).fill(value) : [],
    };
  });
  return probes.every(({ values: all }) => all.length > 0)
    ? [{ kind: 'numbers', probes }]
    : undefined;
}

/** Patterns that also hold where the file has no axis of samples. */
export const anywherePatterns: Patterns = { Expand: expand, Shape: shape, Size: size };

/** One index of an axis, which goes: the last of some states. */
export function pickOne(call: Call): readonly Value[] | undefined {
  const x = wiresAt(call, 0);
  const index = scalarOf(call.inputs[1]);
  const indices = call.inputs[1];
  if (
    !x ||
    index === undefined ||
    indices?.kind !== 'numbers' ||
    indices.probes[0]!.shape.length > 0
  )
    return undefined;
  const { of, axes } = x.turned ?? { of: x, axes: Array.from({ length: rankOf(x) }, (_, i) => i) };
  const given = axisFrom(numberAt(call, 'axis', 0), rankOf(x));
  const axis = axes[given];
  if (axis === undefined || axis === 0 || !isPlain(of.place)) return undefined;
  const extent = of.probes[0]!.shape[axis]!;
  const at = index < 0 ? index + extent : index;
  if (!(at >= 0 && at < extent)) return undefined;
  const cut =
    extent === 1 ? of : one(call, layers.slice(axis, at, at + 1), [of], { type: x.type })[0]!;
  const without = viewed(
    call,
    cut,
    cut.probes.map(({ shape }) => shape.toSpliced(axis, 1)),
    of.place,
  );
  const rest = axes.toSpliced(given, 1).map((one) => (one > axis ? one - 1 : one));
  return [turned(call, without, rest)];
}
