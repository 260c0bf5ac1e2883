/** The program of a quantised model as its file holds it: for each output, calls for one sample and for several. */
import { LanewiseError } from '../base/errors.js';
import { furtherOutputs } from '../data/answers.js';
import type { WrittenTensor } from '../formats/safetensors.js';
import { inputLeaf } from '../feed/column.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import {
  QUANTIZED_VERSION,
  type StoredCall,
  type StoredInput,
  type StoredOutput,
} from '../inference/stored.js';
import type { Model } from '../layers/index.js';
import { inferenceKernels } from '../program/inference-rows.js';
import { int8Kernels } from '../program/int8-rows.js';
import { address, align } from '../program/program.js';
import { blockGraph, type BlockGraph, type Task } from '../step/graphs.js';
import { inputLeaves, storeOperand } from '../trained/program-file.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { walk, type Walk } from './byte-walk.js';
import type { Calibrated } from './calibrate.js';
import { compileSteps, type Call, type IntegerProgram } from './integer-program.js';
import { integerTensors, type IntegerTensors } from './integer-tensors.js';

/**
 * A program for one or several numbers of samples. A call is a text, its kernel and operands with spaces between them;
 * `*196` is 196 a sample.
 */
interface WrittenProgram {
  readonly samples: readonly number[];
  readonly calls: readonly string[];
}

export interface QuantizedProgram {
  /** The JSON under `program`. */
  readonly stored: object;
  readonly tensors: ReadonlyMap<string, WrittenTensor>;
  /** The walk over the graph of one sample, and its integers. */
  readonly walked: Walk;
  readonly integers: IntegerTensors;
  readonly outputs: readonly string[];
}

/** The outputs that a file holds: the first, and those of a table's further targets. */
export function outputsOf({ model, table }: TrainedModel): string[] {
  const names = [...model.outputs.keys()];
  const [first] = names as [string];
  return [first, ...(table ? furtherOutputs(table, names, first) : [])];
}

/** The walk over a graph, with the scores of one output. */
export function walkOf(
  { graph, scores }: Pick<BlockGraph, 'graph' | 'scores'>,
  float: readonly string[],
): Walk {
  const raw = [...graph.outputs.values()];
  return walk(raw.includes(scores) ? raw : [...raw, scores], { float });
}

export async function compileQuantized(
  trained: TrainedModel,
  calibration: Calibrated,
  { batch, float }: { readonly batch: number; readonly float: readonly string[] },
): Promise<QuantizedProgram> {
  const { model, terms } = trained;
  const outputs = outputsOf(trained);
  const tasks = outputs.map((name): Task => {
    const loss = terms.find((term) => term.output === name)?.loss;
    return { model, terms: [], scored: { output: name, loss }, columns: inputLeaves(model) };
  });
  const counts = batch > 1 ? [batch, 1] : [1];
  const one = blockGraph(tasks[0]!, 1);
  const walked = walkOf(one, float);
  const integers = await integerTensors(walked, one.graph, trained.weights, calibration);
  const inputs = layoutInputs(model, counts[0]!);
  const compiled = tasks.map((task) => {
    const { output: name, loss } = task.scored;
    const shape = model.outputs.get(name)!;
    const bytes = align(counts[0]! * sizeOf(shape) * 4);
    let offsets: readonly number[] | undefined;
    const programs = counts.map((count) => {
      const parts = { inputs, integers, float, calibration, offsets };
      const program = compileOutput(blockGraph(task, count), name, bytes, parts);
      // All have the places of the largest, so that their calls differ in numbers of samples only.
      offsets ??= program.offsets;
      return program;
    });
    const isSame = programs[0]!.isRaw;
    const output: StoredOutput = {
      name,
      shape,
      at: isSame ? 0 : bytes,
      ...(isSame ? {} : { raw: 0 }),
      ...(loss?.spread ? { spread: loss.spread } : {}),
    };
    return { output, programs, bytes: isSame ? bytes : 2 * bytes };
  });
  const all = compiled.flatMap(({ programs }) => programs);
  const [first, ...others] = compiled.map(({ output, programs }) => ({
    output,
    programs: merged(
      programs.map(({ calls }) => calls.map(storeCall)),
      counts,
    ),
  }));
  const stored = {
    version: QUANTIZED_VERSION,
    bytes: {
      parameters: integers.bytes(),
      batch: inputs.bytes,
      results: Math.max(...compiled.map(({ bytes }) => bytes)),
      activations: align(Math.max(...all.map(({ activationBytes }) => activationBytes))),
      workspace: align(Math.max(...all.map(({ workspaceBytes }) => workspaceBytes))),
    },
    parameters: Object.fromEntries(integers.places),
    inputs: inputs.stored,
    ...first!,
    ...(others.length > 0 ? { others } : {}),
  };
  return { stored, tensors: integers.tensors, walked, integers, outputs };
}

interface Inputs {
  readonly stored: readonly StoredInput[];
  readonly bytes: number;
}

function layoutInputs({ architecture }: Model, most: number): Inputs {
  let bytes = 0;
  const stored = Object.entries(architecture.inputs).map(([name, settings]) => {
    const at = bytes;
    bytes += align(most * sizeOf(settings.shape) * 4);
    return { ...settings, name, at };
  });
  return { stored, bytes };
}

interface Parts {
  readonly inputs: Inputs;
  readonly integers: IntegerTensors;
  readonly float: readonly string[];
  readonly calibration: Calibrated;
  readonly offsets: readonly number[] | undefined;
}

function compileOutput(
  block: BlockGraph,
  name: string,
  bytes: number,
  { inputs, integers, float, calibration, offsets }: Parts,
): IntegerProgram & { readonly isRaw: boolean } {
  const { graph, given, scores } = block;
  const raw = graph.outputs.get(name)!;
  const batch = new Map<Tensor, number>(
    inputs.stored.map((one) => [given.get(inputLeaf(one.name))!, one.at]),
  );
  const named = new Map<Tensor, string>([...graph.parameters].map(([key, leaf]) => [leaf, key]));
  const results = (offset: number) => address('results', offset);
  const program = compileSteps(walkOf(block, float), {
    leafAt(leaf) {
      const at = batch.get(leaf);
      return at === undefined ? integers.floatAt(named.get(leaf)!) : address('batch', at);
    },
    outputs: [
      { tensor: raw, at: results(0) },
      ...(raw === scores ? [] : [{ tensor: scores, at: results(bytes) }]),
    ],
    ranges: calibration.ranges,
    integers: integers.integers,
    offsets,
  });
  return { ...program, isRaw: raw === scores };
}

function storeCall({ kernel, operands }: Call): StoredCall {
  if (Object.hasOwn(inferenceKernels, kernel) || Object.hasOwn(int8Kernels, kernel))
    return [kernel, ...operands.map(storeOperand)];
  throw new LanewiseError(
    'argument',
    `a layer calls the kernel ${kernel}, which inference does not have`,
    'predict with the model itself',
  );
}

/** One list of calls for all numbers of samples, if they differ in proportion; else one for each. */
function merged(
  lists: readonly (readonly StoredCall[])[],
  counts: readonly number[],
): readonly WrittenProgram[] {
  const [several, single] = lists as [readonly StoredCall[], (readonly StoredCall[])?];
  const written = (calls: readonly StoredCall[]) => calls.map((call) => call.join(' '));
  const apart = lists.map((calls, i) => ({ samples: [counts[i]!], calls: written(calls) }));
  if (!single || several.length !== single.length) return apart;
  const calls = several.flatMap((call, i) => {
    const both = mergedCall(call, single[i]!, counts[0]!);
    return both ? [both] : [];
  });
  return calls.length === several.length ? [{ samples: counts, calls: written(calls) }] : apart;
}

function mergedCall(a: StoredCall, b: StoredCall, count: number): StoredCall | undefined {
  if (a.length !== b.length || a[0] !== b[0]) return undefined;
  const operands = a.slice(1).map((operand, i) => {
    const one = b[i + 1]!;
    if (operand === one) return operand;
    const isMultiple = typeof one === 'number' && operand === one * count;
    return isMultiple ? `*${one}` : undefined;
  });
  return operands.every((operand) => operand !== undefined) ? [a[0], ...operands] : undefined;
}
