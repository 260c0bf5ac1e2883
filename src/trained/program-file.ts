/**
 * A model compiled ahead of time: a model file that also holds the program which scores samples. `lanewise/inference` runs
 * the program without graph, layers or compiler.
 */
import { checkOptions, text, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { encodeSafetensors } from '../formats/safetensors.js';
import { inferenceKernels } from '../program/inference-rows.js';
import {
  PROGRAM_VERSION,
  segmentOf,
  type StoredCall,
  type StoredProgram,
} from '../inference/stored.js';
import type { Model } from '../layers/index.js';
import { inputLeaf, type LeafSpec } from '../feed/column.js';
import { blockGraph, type Task } from '../step/graphs.js';
import { layoutParameters } from '../step/parameters.js';
import { evaluationProgram, layoutIo } from '../step/programs.js';
import { align, type KernelCall, type Operand } from '../program/program.js';
import { modelMetadata, modelTensors } from './model-file.js';
import type { TrainedModel } from './trained-model.js';
import { checkTrained } from './check-weights.js';

/** Options of `encodeProgram`. */
export interface EncodeProgramOptions {
  /** Samples scored at once, if there are as many; default 16. More take more memory; no score depends on it. */
  readonly batch?: number;
  /** The output whose scores are computed; default the first. */
  readonly output?: string;
}

const MOST_SAMPLES = 4096;

/**
 * The bytes of a program file. Scores have the bits of `trained.predict`.
 * @throws LanewiseError kind 'argument' for an impossible batch or output, or a custom layer that calls kernels which
 * inference does not have.
 */
export function encodeProgram(
  trained: TrainedModel,
  options: EncodeProgramOptions = {},
): Uint8Array {
  checkTrained('encodeProgram', trained);
  const { batch = 16, output = [...trained.model.outputs.keys()][0]! } = checkOptions(
    'encodeProgram',
    options,
    { batch: wholeFrom(1, MOST_SAMPLES), output: text },
  );
  const { model, terms } = trained;
  if (!model.outputs.has(output)) {
    throw new LanewiseError(
      'argument',
      `the model has no output '${output}', expected one of ${[...model.outputs.keys()].join(', ')}`,
    );
  }
  const loss = terms.find((term) => term.output === output)?.loss;
  const task: Task = { model, terms: [], scored: { output, loss }, columns: inputLeaves(model) };
  return encodeSafetensors(modelTensors(trained), {
    ...modelMetadata(trained),
    program: JSON.stringify(compileProgram(task, batch)),
  });
}

const inputLeaves = ({ architecture }: Model): LeafSpec[] =>
  Object.entries(architecture.inputs).map(([name, { shape, vocabulary }]) => ({
    leaves: [inputLeaf(name)],
    dtype: vocabulary === undefined ? 'f32' : 'i32',
    shape,
  }));

/** Compiles a program for single samples, and one for `batch` samples. */
function compileProgram(task: Task, batch: number): StoredProgram {
  const { model, scored } = task;
  const counts = batch > 1 ? [batch, 1] : [1];
  const io = layoutIo(task, counts);
  const parameters = layoutParameters(model);
  const programs = counts.map((count) =>
    evaluationProgram(blockGraph(task, count), io, parameters),
  );
  const most = (key: 'activationBytes' | 'workspaceBytes'): number =>
    align(Math.max(...programs.map((program) => program[key])));
  return {
    version: PROGRAM_VERSION,
    bytes: {
      parameters: parameters.bytes,
      batch: align(io.batchBytes),
      results: align(io.resultBytes),
      activations: most('activationBytes'),
      workspace: most('workspaceBytes'),
    },
    parameters: Object.fromEntries(parameters.entries.map(({ name, offset }) => [name, offset])),
    inputs: Object.entries(model.architecture.inputs).map(([name, settings]) => ({
      ...settings,
      name,
      at: io.leaves.get(inputLeaf(name))!,
    })),
    output: { name: scored.output, shape: model.outputs.get(scored.output)!, at: io.scores },
    programs: programs.map(({ calls }, i) => ({
      samples: counts[i]!,
      calls: calls.map(storeCall),
    })),
  };
}

function storeCall({ kernel, operands, label }: KernelCall): StoredCall {
  if (Object.hasOwn(inferenceKernels, kernel)) return [kernel, ...operands.map(storeOperand)];
  throw new LanewiseError(
    'argument',
    `layer '${label}' calls the kernel ${kernel}, which inference does not have`,
    'predict with the model itself',
  );
}

/** JSON has no −0 and ±∞, so they are stored as text, as addresses are. */
function storeOperand(operand: Operand): number | string {
  if (typeof operand !== 'number') {
    const [letter] = Object.entries(segmentOf).find(([, segment]) => segment === operand.segment)!;
    return `${letter}${operand.offset}`;
  }
  if (Object.is(operand, -0)) return '-0';
  return Number.isFinite(operand) ? operand : String(operand);
}
