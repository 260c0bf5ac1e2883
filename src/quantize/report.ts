/** The report of a quantised model: how each layer is computed, and how far its values are from those of floats. */
import { inputLeaf } from '../feed/column.js';
import { link, run } from '../engine/link.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import type { ProgramFile } from '../inference/read.js';
import { placeQuantized } from '../inference/run-quantized.js';
import { address, align, type KernelCall } from '../program/program.js';
import { blockGraph } from '../step/graphs.js';
import { inputLeaves } from '../trained/program-file.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { Step } from './byte-steps.js';
import type { Calibrated } from './calibrate.js';
import { compileSteps, type IntegerProgram } from './integer-program.js';
import type { IntegerTensors } from './integer-tensors.js';
import { createObserver, type Leaves } from './observe.js';
import type { LayerReport } from './quantized-model.js';
import { IS_CONSTANT } from './byte-walk.js';
import { walkOf, type QuantizedProgram } from './quantized-program.js';

/** Samples that are compared, at most. */
const MOST_SAMPLES = 32;

/** Layers in the order in which they run; views compute nothing. */
export async function reportOf(
  trained: TrainedModel,
  program: QuantizedProgram,
  calibration: Calibrated,
  leaves: Leaves,
): Promise<readonly LayerReport[]> {
  const { walked, tensors } = program;
  const errors = await errorsOf(trained, program, calibration, leaves);
  return walked.steps.flatMap((step): LayerReport[] => {
    const { name, kind } = step;
    if (!isCompared(step)) return [];
    const error = errors.get(name);
    const measured = error === undefined ? {} : { error };
    if (step.is === 'float')
      return [{ name, kind, computed: 'float', reason: step.reason, ...measured, bytes: 0 }];
    const bytes = tensors.get(`${name}.int8`)?.data.byteLength ?? 0;
    return [{ name, kind, computed: 'int8', ...measured, bytes }];
  });
}

/** Steps that compute something from samples. */
const isCompared = (step: Step): boolean =>
  step.is === 'float'
    ? step.source.op.forward !== undefined && step.reason !== IS_CONSTANT
    : step.is !== 'view';

/** √(Σ (quantised − float)² / Σ float²) of each step's values, by its name. */
async function errorsOf(
  { model, weights, terms }: TrainedModel,
  { integers, outputs: [scored] }: QuantizedProgram,
  { ranges, float }: Calibrated,
  { count: all, values }: Leaves,
): Promise<Map<string, number>> {
  const count = Math.min(MOST_SAMPLES, all);
  const few = new Map(
    [...values].map(([name, one]) => [name, one.subarray(0, (one.length / all) * count)] as const),
  );
  const loss = terms.find(({ output }) => output === scored)?.loss;
  const task = { model, terms: [], scored: { output: scored!, loss }, columns: inputLeaves(model) };
  const block = blockGraph(task, count);
  const walked = walkOf(block, float);
  const compared = walked.steps.filter(isCompared);
  let end = 0;
  const outputs = compared.map(({ output: tensor }) => {
    const at = address('results', end);
    end += align(sizeOf(tensor.shape) * 4);
    return { tensor, at };
  });
  let batch = 0;
  const inputs = new Map<Tensor, { readonly name: string; readonly at: number }>();
  for (const name of few.keys()) {
    const leaf = block.given.get(inputLeaf(name))!;
    inputs.set(leaf, { name, at: batch });
    batch += align(sizeOf(leaf.shape) * 4);
  }
  const named = new Map([...block.graph.parameters].map(([name, leaf]) => [leaf, name]));
  const floats = new Set([...walked.floats, ...compared.map(({ output }) => output)]);
  const program = compileSteps(
    { ...walked, floats },
    {
      leafAt(leaf) {
        const input = inputs.get(leaf);
        return input ? address('batch', input.at) : integers.floatAt(named.get(leaf)!);
      },
      outputs,
      ranges,
      integers: integers.integers,
    },
  );
  const found = await valuesFrom(program, integers, few, [...inputs.values()], {
    batch,
    results: end,
    outputs,
  });
  const sums = compared.map(() => ({ error: 0, size: 0, done: 0 }));
  const observe = await createObserver(model, weights, { count, values: few }, (graph) => {
    const raw = graph.outputs.get(scored!)!;
    const own = walkOf({ graph, scores: loss?.scores(raw) ?? raw }, float);
    return own.steps.filter(isCompared).map(({ output }) => output);
  });
  observe((floats) => floats.forEach((expected, i) => compare(expected, found[i]!, sums[i]!)));
  return new Map(
    compared.map(({ name }, i) => [name, Math.sqrt(sums[i]!.error / (sums[i]!.size || 1))]),
  );
}

interface Placing {
  readonly batch: number;
  readonly results: number;
  readonly outputs: readonly {
    readonly tensor: Tensor;
    readonly at: { readonly offset: number };
  }[];
}

/** The values that a program gives, run once. */
async function valuesFrom(
  { calls, activationBytes, workspaceBytes }: IntegerProgram,
  integers: IntegerTensors,
  values: Leaves['values'],
  inputs: readonly { readonly name: string; readonly at: number }[],
  { batch, results, outputs }: Placing,
): Promise<Float32Array[]> {
  const file = {
    bytes: {
      parameters: integers.bytes(),
      batch,
      results,
      activations: activationBytes,
      workspace: align(workspaceBytes),
    },
    weights: [...integers.tensors].map(([name, { data }]) => ({
      values: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      at: integers.places.get(name)!,
    })),
    outputs: [{ programs: [{ calls }] }],
  } as unknown as ProgramFile;
  const { memory, bases, kernels } = await placeQuantized(file, {});
  const all = new Uint8Array(memory.buffer);
  for (const { name, at } of inputs) {
    const { buffer, byteOffset, byteLength } = values.get(name)!;
    all.set(new Uint8Array(buffer, byteOffset, byteLength), bases.batch + at);
  }
  run(link(calls as readonly KernelCall[], kernels, bases));
  return outputs.map(
    ({ tensor, at }) =>
      new Float32Array(memory.buffer, bases.results + at.offset, sizeOf(tensor.shape)),
  );
}

function compare(
  expected: Float32Array,
  found: Float32Array,
  sum: { error: number; size: number; done: number },
): void {
  for (let i = 0; i < expected.length; i++) {
    const e = found[sum.done + i]! - expected[i]!;
    sum.error += e * e;
    sum.size += expected[i]! * expected[i]!;
  }
  sum.done += expected.length;
}
