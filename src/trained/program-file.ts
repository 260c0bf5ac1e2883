/**
 * A model compiled ahead of time: a model file that also holds the program which scores samples. `lanewise/inference` runs
 * the program without graph, layers or compiler.
 */
import { checkOptions, text, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { furtherOutputs } from '../data/answers.js';
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
  /** The output whose scores are computed; default the first, and for rows those of all targets of the table. */
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
  const { batch = 16, output: asked } = checkOptions('encodeProgram', options, {
    batch: wholeFrom(1, MOST_SAMPLES),
    output: text,
  });
  const { model, terms, table } = trained;
  const names = [...model.outputs.keys()];
  const output = asked ?? names[0]!;
  if (!model.outputs.has(output)) {
    throw new LanewiseError(
      'argument',
      `the model has no output '${output}', expected one of ${names.join(', ')}`,
    );
  }
  const others = table && asked === undefined ? furtherOutputs(table, names, output) : [];
  const tasks = [output, ...others].map((one): Task => {
    const loss = terms.find((term) => term.output === one)?.loss;
    return { model, terms: [], scored: { output: one, loss }, columns: inputLeaves(model) };
  });
  return encodeSafetensors(modelTensors(trained), {
    ...modelMetadata(trained),
    program: JSON.stringify(compilePrograms(tasks, batch)),
  });
}

/** The leaves of a model's inputs. */
export const inputLeaves = ({ architecture }: Model): LeafSpec[] =>
  Object.entries(architecture.inputs).map(([name, { shape, vocabulary }]) => ({
    leaves: [inputLeaf(name)],
    dtype: vocabulary === undefined ? 'f32' : 'i32',
    shape,
  }));

/** Compiles programs for single samples and for `batch` samples, of each scored output, which take one memory in turn. */
function compilePrograms(tasks: readonly Task[], batch: number): StoredProgram {
  const [{ model }] = tasks as [Task];
  const counts = batch > 1 ? [batch, 1] : [1];
  const parameters = layoutParameters(model);
  const compiled = tasks.map((task) => {
    const io = layoutIo(task, counts);
    const { output: name, loss } = task.scored;
    return {
      io,
      output: {
        name,
        shape: model.outputs.get(name)!,
        at: io.scores,
        ...(loss?.spread ? { spread: loss.spread } : {}),
      },
      programs: counts.map((count) => evaluationProgram(blockGraph(task, count), io, parameters)),
    };
  });
  const most = (key: 'activationBytes' | 'workspaceBytes'): number =>
    align(Math.max(...compiled.flatMap(({ programs }) => programs.map((one) => one[key]))));
  // Samples have the same places, whatever is computed of them.
  const [{ io }] = compiled as [(typeof compiled)[number]];
  const [first, ...others] = compiled.map(({ output, programs }) => ({
    output,
    programs: programs.map(({ calls }, i) => ({
      samples: counts[i]!,
      calls: calls.map(storeCall),
    })),
  }));
  return {
    version: PROGRAM_VERSION,
    bytes: {
      parameters: parameters.bytes,
      batch: align(io.batchBytes),
      results: align(Math.max(...compiled.map((one) => one.io.resultBytes))),
      activations: most('activationBytes'),
      workspace: most('workspaceBytes'),
    },
    parameters: Object.fromEntries(parameters.entries.map(({ name, offset }) => [name, offset])),
    inputs: Object.entries(model.architecture.inputs).map(([name, settings]) => ({
      ...settings,
      name,
      at: io.leaves.get(inputLeaf(name))!,
    })),
    ...first!,
    ...(others.length > 0 ? { others } : {}),
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
export function storeOperand(operand: Operand): number | string {
  if (typeof operand !== 'number') {
    const [letter] = Object.entries(segmentOf).find(([, segment]) => segment === operand.segment)!;
    return `${letter}${operand.offset}`;
  }
  if (Object.is(operand, -0)) return '-0';
  return Number.isFinite(operand) ? operand : String(operand);
}
