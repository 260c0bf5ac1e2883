/** The integers of all layers as the tensors of a file, and their places in the memory of parameters. */
import type { WrittenTensor } from '../formats/safetensors.js';
import type { ModelGraph } from '../layers/index.js';
import { address, align, type Address } from '../program/program.js';
import { evaluate } from '../step/compute-tensors.js';
import type { Weights } from '../crew/session.js';
import type { Tensor } from '../graph/tensor.js';
import { formOf, type LookupStep, type ProductStep } from './byte-steps.js';
import type { Walk } from './byte-walk.js';
import type { Calibrated } from './calibrate.js';
import type { Integers } from './integer-calls.js';
import { scalesIn } from './integer-program.js';
import { integersOf, tableOf, type Constants, type IntegerProduct } from './integer-weights.js';
import { packDepthwise, packWeights } from './pack-weights.js';
import { MOST } from './quantized-graph.js';

/** The tensors of a quantised model's file, with their offsets in the segment of parameters. */
export interface IntegerTensors {
  readonly tensors: Map<string, WrittenTensor>;
  readonly places: Map<string, number>;
  /** By the steps' names. */
  readonly integers: ReadonlyMap<string, Integers>;
  /** The place of a parameter that a float step reads, which is then part of the file. */
  floatAt(name: string): Address;
  /** Bytes of the segment, with those parameters. */
  bytes(): number;
}

/** The values of the constants that products read. */
async function constantsOf(
  { steps }: Walk,
  { parameters }: ModelGraph,
  weights: Weights,
): Promise<Constants> {
  const wanted = new Set<Tensor>();
  for (const step of steps) {
    if (step.is !== 'product') continue;
    const { mean, variance, weight, bias } = step.norm ?? {};
    for (const t of [step.weight, step.bias, mean, variance, weight, bias]) if (t) wanted.add(t);
  }
  const feeds = new Map([...parameters].map(([name, leaf]) => [leaf, weights.get(name)!]));
  const found = await evaluate([...wanted], feeds, { numerics: 'strict' });
  return new Map([...wanted].map((t, i) => [t, found[i]!]));
}

function pack({ geometry }: ProductStep, { weights }: IntegerProduct): Int8Array<ArrayBuffer> {
  const form = formOf(geometry);
  return form === 'depthwise'
    ? packDepthwise(weights, geometry)
    : packWeights(weights, { ...geometry, apart: form === 'grouped' });
}

/** Numbers that layers write one after another into one tensor. */
function createPool<T extends Int32Array | Float32Array | Uint8Array>(make: (size: number) => T) {
  const parts: T[] = [];
  let length = 0;
  return {
    /** The place of the numbers, in elements; equal ones have one. */
    add(values: T): number {
      let at = 0;
      for (const part of parts) {
        if (part.length === values.length && part.every((value, i) => value === values[i]))
          return at;
        at += part.length;
      }
      parts.push(values);
      length += values.length;
      return at;
    },
    joined(): T {
      const all = make(length);
      let at = 0;
      for (const part of parts) {
        all.set(part as never, at);
        at += part.length;
      }
      return all;
    },
  };
}

interface Pending {
  readonly name: string;
  readonly weights?: Int8Array<ArrayBuffer>;
  readonly biases?: number;
  readonly multipliers?: number;
  readonly scales?: number;
  readonly table?: number;
  readonly numbers: Pick<Integers, 'shift' | 'low' | 'high'>;
}

/** Computes all integers of the walk over a graph. */
export async function integerTensors(
  walked: Walk,
  graph: ModelGraph,
  weights: Weights,
  { ranges, means }: Calibrated,
): Promise<IntegerTensors> {
  const scaleAt = scalesIn(walked, ranges);
  const constants = await constantsOf(walked, graph, weights);
  const integers = createPool((size) => new Int32Array(size));
  const scales = createPool((size) => new Float32Array(size));
  const tables = createPool((size) => new Uint8Array(size));
  const product = async (step: ProductStep): Promise<Pending> => {
    const { name, x, output, gives, pointwise } = step;
    const found = await integersOf(step, constants, {
      x: scaleAt(x),
      layout: walked.bytes.get(x)!,
      means: means.get(name),
      y: gives === 'floats' ? undefined : scaleAt(output),
      inner: pointwise?.kind === 'table' ? ranges[`${name}.inner`] : undefined,
    });
    const { biases, finish } = found;
    const { table, m, ...numbers } = finish ?? {};
    return {
      name,
      weights: pack(step, found),
      biases: integers.add(biases),
      ...(m ? { multipliers: integers.add(m) } : {}),
      ...(found.scales ? { scales: scales.add(found.scales) } : {}),
      ...(table ? { table: tables.add(table) } : {}),
      numbers,
    };
  };
  const lookup = async ({ name, x, output, pointwise }: LookupStep): Promise<Pending> => {
    const { scale, zero } = scaleAt(x);
    const at = Float64Array.from({ length: MOST + 1 }, (_, q) => scale * (q - zero));
    return { name, table: tables.add(await tableOf(pointwise, at, scaleAt(output))), numbers: {} };
  };
  const pending: Pending[] = [];
  for (const step of walked.steps) {
    if (step.is === 'product') pending.push(await product(step));
    else if (step.is === 'lookup') pending.push(await lookup(step));
  }
  return place(pending, [integers.joined(), scales.joined(), tables.joined()], weights);
}

function place(
  pending: readonly Pending[],
  [integers, scales, tables]: readonly [Int32Array, Float32Array, Uint8Array],
  weights: Weights,
): IntegerTensors {
  const tensors = new Map<string, WrittenTensor>();
  const places = new Map<string, number>();
  let end = 0;
  const add = (name: string, data: WrittenTensor['data'], shape = [data.length]): Address => {
    const at = address('parameters', end);
    if (data.length === 0) return at;
    tensors.set(name, { shape, data });
    places.set(name, end);
    end += align(data.byteLength);
    return at;
  };
  const [atIntegers, atScales, atTables] = [
    add('integers', integers),
    add('scales', scales),
    add('tables', tables),
  ];
  const within = ({ offset }: Address, elements: number, size: number) =>
    address('parameters', offset + elements * size);
  const found = pending.map(({ name, numbers, ...one }): [string, Integers] => [
    name,
    {
      ...numbers,
      ...(one.weights ? { weights: add(`${name}.int8`, one.weights) } : {}),
      ...(one.biases === undefined ? {} : { biases: within(atIntegers, one.biases, 4) }),
      ...(one.multipliers === undefined
        ? {}
        : { multipliers: within(atIntegers, one.multipliers, 4) }),
      ...(one.scales === undefined ? {} : { scales: within(atScales, one.scales, 4) }),
      ...(one.table === undefined ? {} : { table: within(atTables, one.table, 1) }),
    },
  ]);
  return {
    tensors,
    places,
    integers: new Map(found),
    floatAt(name) {
      const known = places.get(name);
      if (known !== undefined) return address('parameters', known);
      const values = weights.get(name)!;
      return add(name, values);
    },
    bytes: () => end,
  };
}
