/**
 * The walk over an evaluation graph that decides what is computed on bytes. Each tensor is computed by one step; products
 * whose result only float steps read give floats, and the function after them is then float as well.
 */
import { topologicalOrder } from '../graph/order.js';
import type { Application, Tensor } from '../graph/tensor.js';
import { findStep, layoutOfFloats, type Context, type Found } from './byte-rules.js';
import { formOf, inputsOf, type IntegerStep, type Layout, type Step } from './byte-steps.js';

export interface WalkOptions {
  /** Names of layers that stay float, with what is inside them. */
  readonly float?: readonly string[];
}

/** A model's steps in order, and the form of each tensor. */
export interface Walk {
  readonly steps: readonly Step[];
  /** The tensors held in bytes, and how; floats that products read are quantised. */
  readonly bytes: ReadonlyMap<Tensor, Layout>;
  /** The tensors held as floats: outputs, and what float steps read. */
  readonly floats: ReadonlySet<Tensor>;
}

/** Layers' names for reports, by their ops' names where these differ. */
const KINDS: Readonly<Record<string, string>> = {
  matmul: 'linear',
  normalize: 'batchNorm',
};

/** Why what follows from parameters alone is no step on bytes. */
export const IS_CONSTANT = 'it is constant';

export function walk(outputs: readonly Tensor[], { float = [] }: WalkOptions = {}): Walk {
  const order = topologicalOrder(outputs);
  const readers = readersOf(order, outputs);
  const layouts = new Map<Tensor, Layout>();
  // Scores are computed of outputs as floats.
  const ends = new Set(outputs);
  const constants = constantsOf(order);
  const staysFloat = ({ layer }: Application): boolean =>
    float.some((name) => layer === name || layer.startsWith(`${name}.`));
  const context: Context = {
    layoutOf: (tensor) => (ends.has(tensor) ? undefined : layouts.get(tensor)),
    isConstant: (tensor) => constants.has(tensor),
    soleReader(tensor) {
      const [reader, ...others] = readers.get(tensor) ?? [];
      const isOwn = reader?.source.kind === 'op' && others.length === 0;
      return isOwn && !staysFloat(reader.source as Application) ? reader : undefined;
    },
  };
  const steps: Step[] = [];
  const absorbed = new Set<Tensor>();
  const nameOf = createNames();
  for (const t of order) {
    const { source } = t;
    if (source.kind !== 'op' || absorbed.has(t)) continue;
    const found = staysFloat(source)
      ? 'it was asked to'
      : constants.has(t)
        ? IS_CONSTANT
        : findStep(t, source, context);
    const kind = KINDS[source.op.name] ?? source.op.name;
    if (typeof found === 'string') {
      const name = nameOf(source.layer || source.op.name);
      steps.push({ is: 'float', name, kind, output: t, source, reason: found });
      continue;
    }
    layouts.set(found.output, found.layout);
    for (const one of absorbedBy(found, t)) absorbed.add(one);
    const name = nameOf(source.layer || source.op.name);
    steps.push({ ...found.step, name, kind, output: found.output } as Step);
  }
  return withForms(steps, outputs, layouts);
}

/** The tensors that a step computes on its way to its output. */
function absorbedBy({ step, output }: Found, t: Tensor): readonly Tensor[] {
  return step.is === 'product' ? step.applied : [t, output];
}

/** Decides, from the outputs back, which tensors are wanted as bytes, as floats, or not at all. */
function withForms(
  found: readonly Step[],
  outputs: readonly Tensor[],
  layouts: ReadonlyMap<Tensor, Layout>,
): Walk {
  const bytes = new Map<Tensor, Layout>();
  const floats = new Set<Tensor>(outputs);
  const want = (step: IntegerStep) => {
    for (const x of inputsOf(step)) bytes.set(x, layouts.get(x) ?? layoutOfFloats(x));
  };
  const steps: Step[] = [];
  for (const step of found.toReversed()) {
    const { output } = step;
    if (!bytes.has(output) && !floats.has(output)) continue;
    if (step.is === 'float') {
      for (const input of Object.values(step.source.inputs)) floats.add(input);
      steps.push(step);
      continue;
    }
    want(step);
    const isOnlyFloat = outputs.includes(output) || !bytes.has(output);
    if (step.is === 'product' && isOnlyFloat && formOf(step.geometry) === 'dense') {
      const { pointwise, raw } = step;
      if (pointwise) {
        const source = output.source as Application;
        const name = source.layer || source.op.name;
        const reason = 'only float layers read it';
        steps.push({ is: 'float', name, kind: source.op.name, output, source, reason });
        floats.add(raw);
      }
      steps.push({ ...step, output: raw, pointwise: undefined, gives: 'floats' });
      continue;
    }
    bytes.set(output, layouts.get(output)!);
    steps.push(step);
  }
  return { steps: steps.toReversed(), bytes, floats };
}

/** The applications that read each tensor; an output is read by itself, as from outside. */
function readersOf(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, Tensor[]> {
  const readers = new Map<Tensor, Tensor[]>();
  const add = (tensor: Tensor, reader: Tensor) =>
    readers.set(tensor, [...(readers.get(tensor) ?? []), reader]);
  for (const t of order) {
    // In training, a normalisation's moments are part of it.
    if (t.source.kind === 'op' && t.source.op.name !== 'channelMoments')
      for (const x of Object.values(t.source.inputs)) add(x, t);
  }
  for (const output of outputs) for (const twice of [output, output]) add(twice, output);
  return readers;
}

/** Parameters, and what follows from them alone. */
function constantsOf(order: readonly Tensor[]): Set<Tensor> {
  const constants = new Set<Tensor>();
  for (const t of order) {
    const isSo =
      t.source.kind === 'parameter' ||
      (t.source.kind === 'op' && Object.values(t.source.inputs).every((x) => constants.has(x)));
    if (isSo) constants.add(t);
  }
  return constants;
}

/** Unique names: the second `conv` is `conv (2)`. */
function createNames(): (name: string) => string {
  const seen = new Map<string, number>();
  return (name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  };
}
