/** Loaded program files, with the weights in a memory of their own and the calls linked to the kernels. */
import {
  checkOptions,
  isObject,
  oneOf,
  refuse,
  text,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { relaxedMaddIsFused, type Numerics } from '../engine/features.js';
import { link, run, type Bases } from '../engine/link.js';
import { allocateMemory, FIRST_FREE_BYTE } from '../engine/memory.js';
import { answersOf, withTargets, type Answer } from '../data/answers.js';
import { encodeGiven, type Rows } from '../data/encode-rows.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Kernels } from '../engine/wasm.js';
import { align } from '../program/program.js';
import { instantiateKernels, isKernelSource, type KernelSource } from './inference-build.js';
import { predictedClasses } from './predicted-classes.js';
import { readProgram, type ProgramDescription, type ProgramFile } from './read.js';
import { spareBytes } from './calls.js';
import { createFeed, type Framing, type Samples } from './feed.js';
import { segmentOf } from './stored.js';

/** Settings of `loadProgram`. */
export interface LoadProgramOptions {
  /** The file's name in messages; default `program`. */
  readonly name?: string;
  /** The kernels' module where it cannot be fetched or compiled, such as in an edge worker: bytes, or compiled. */
  readonly module?: KernelSource;
  /** Default the model's; `strict` for a model in `fused` where the engine has no multiply-add that rounds once. */
  readonly numerics?: Numerics;
  /** Largest memory that a program may request; default 2 GiB. Set it lower where untrusted files are loaded. */
  readonly mostBytes?: number;
}

const OPTIONS: Checks<LoadProgramOptions> = {
  name: text,
  module: (owner, name, value) => {
    if (!isKernelSource(value)) refuse(owner, name, value, 'a WebAssembly.Module or its bytes');
  },
  numerics: oneOf(['fused', 'strict']),
  mostBytes: wholeFrom(1),
};

/** Scores of samples, and the classes with the highest ones. */
export interface ProgramPrediction {
  /** Class index of each sample; empty if the output is not one score per class. */
  readonly classes: Uint32Array;
  /** n×…; probabilities for outputs trained with cross-entropy, else the outputs themselves. */
  readonly scores: Float32Array;
  /** The predictions for rows of a table, one object a row, in the names of the targets. */
  readonly answers?: readonly Answer[];
}

/** A loaded program: its inputs and outputs, and the function that runs it. */
export interface InferenceProgram extends ProgramDescription {
  /** Shapes of one sample, by input name. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Shape of the scores of one sample. */
  readonly output: Shape;
  readonly numerics: Numerics;
  /** Size of the WebAssembly memory. */
  readonly memoryBytes: number;
  /**
   * Scores samples of one shape (default the input's), in sequence in one array; or such an array for each input.
   * Images may be smaller than the input's: they are framed, as in training. The program of a table takes rows too: objects
   * by the names of columns, lists in their order, or all columns by name; `answers` has its predictions of them.
   * @throws LanewiseError kind 'data' if they are not a whole number of samples, or do not fit the inputs; for rows that do
   * not fit the table, naming row and column.
   */
  predict(
    samples: Samples | Readonly<Record<string, Samples>> | Rows,
    shape?: Shape,
  ): ProgramPrediction;
}

/** @throws LanewiseError kind 'argument' for anything but bytes. */
export function checkBytesOf(bytes: Uint8Array): void {
  if (bytes instanceof Uint8Array) return;
  throw new LanewiseError(
    'argument',
    `a program is ${show(bytes)}, expected its file’s bytes in a Uint8Array`,
  );
}

/** Bytes after the last segment: vector loads may read slightly past a buffer. */
const SLACK_BYTES = 64;

/**
 * Loads a file made by `encodeProgram` or `lanewise export --inference`.
 * @throws LanewiseError kind 'file' for any other file, 'memory' or 'engine' if it cannot run here.
 */
export async function loadProgram(
  bytes: Uint8Array,
  options: LoadProgramOptions = {},
): Promise<InferenceProgram> {
  checkOptions('loadProgram', options, OPTIONS);
  const { name = 'program', module, numerics, mostBytes = 2 ** 31 } = options;
  checkBytesOf(bytes);
  const file = readProgram(bytes, name);
  const rounding = numerics ?? (relaxedMaddIsFused() ? file.numerics : 'strict');
  const placed = await placeProgram(file, name, mostBytes, (memory) =>
    instantiateKernels(rounding, memory, module),
  );
  return programOf(file, name, rounding, placed);
}

/** A program in a memory of its own. */
export interface PlacedProgram {
  readonly memory: WebAssembly.Memory;
  readonly bases: Bases;
  readonly kernels: Kernels;
  /** What converts samples; default JavaScript. */
  readonly frame?: Framing;
}

/**
 * Puts a program into a memory, with the kernels that `instantiate` gives it.
 * @throws LanewiseError kind 'memory' if it needs more than `mostBytes`.
 */
export async function placeProgram(
  file: ProgramFile,
  name: string,
  mostBytes: number,
  instantiate: (memory: WebAssembly.Memory) => Promise<Kernels>,
): Promise<PlacedProgram> {
  let [end, spare] = [FIRST_FREE_BYTE as number, 0];
  // The workspace, whose required size only the kernels know, is last: beyond it the memory ends.
  const bases = Object.fromEntries(
    Object.values(segmentOf).map((segment) => {
      const base = end;
      end += align(file.bytes[segment]);
      return [segment, base];
    }),
  ) as unknown as Bases;
  for (const { programs } of file.outputs)
    for (const { calls } of programs)
      spare = calls.reduce((most, call) => Math.max(most, spareBytes(call)), spare);
  end += spare;
  checkBytes(end + SLACK_BYTES, mostBytes, name);
  const memory = allocateMemory(end + SLACK_BYTES, false);
  const kernels = await instantiate(memory);
  for (const { values, at } of file.weights)
    new Uint8Array(memory.buffer).set(values, bases.parameters + at);
  return { memory, bases, kernels };
}

/** The functions of a program in its memory. */
export function programOf(
  file: ProgramFile,
  name: string,
  numerics: Numerics,
  placed: PlacedProgram,
): InferenceProgram {
  const { memory } = placed;
  const runner = createRunner(file, placed, name);
  const { table } = file.description;
  const [input] = file.inputs as [ProgramFile['inputs'][number]];
  const [first, ...others] = file.outputs.map(({ output }) => output) as [Scored, ...Scored[]];
  const names = file.inputs.map((one) => one.name);
  const size = sizeOf(first.shape);

  return {
    ...file.description,
    inputs: Object.fromEntries(file.inputs.map((one) => [one.name, one.shape])),
    output: first.shape,
    numerics,
    memoryBytes: memory.buffer.byteLength,
    predict(samples, shape) {
      const rows = table && encodeGiven(table, samples, names, sizeOf(input.shape));
      const values = rows ? rows.values : (samples as Given);
      const given = ArrayBuffer.isView(values) ? { [input.name]: values } : values;
      const scoresOf = runner(given, rows ? undefined : shape);
      const scores = scoresOf(0);
      const classes = first.shape.length === 1 ? predictedClasses(scores, size) : new Uint32Array();
      if (!rows) return { classes, scores };
      const scored = [
        { ...first, scores },
        ...others.map((one, i) => ({ ...one, scores: scoresOf(i + 1) })),
      ];
      const targets = withTargets(file.description, first.name);
      return { classes, scores, answers: answersOf(targets, scored, rows.count) };
    },
  };
}

type Given = Samples | Readonly<Record<string, Samples>>;
type Scored = ProgramFile['outputs'][number]['output'];

/** A function that opens samples, and gives another that scores them by the output at a place among the program's. */
function createRunner(
  file: ProgramFile,
  { memory, bases, kernels, frame }: PlacedProgram,
  name: string,
) {
  const outputs = file.outputs.map(({ output, programs }) => ({
    at: (bases.results + output.at) / 4,
    size: sizeOf(output.shape),
    programs: programs.map(({ samples, calls }) => ({
      samples,
      linked: link(calls, kernels, bases),
    })),
  }));
  const feeds = file.inputs.map((input) => createFeed(input, memory, bases.batch, frame));
  return (given: Readonly<Record<string, Samples>>, shape: Shape | undefined) => {
    const { count, fill } = fillOf(file, feeds, given, shape);
    return (place: number): Float32Array => {
      const { at, size, programs } = outputs[place]!;
      const scores = new Float32Array(count * size);
      const floats = new Float32Array(memory.buffer);
      for (let from = 0; from < count;) {
        const { samples: taken, linked } = programs.find((one) => one.samples <= count - from)!;
        fill(from, taken);
        guard(name, () => run(linked));
        scores.set(floats.subarray(at, at + taken * size), from * size);
        from += taken;
      }
      checkScores(scores, name);
      return scores;
    };
  };
}

/** @throws LanewiseError kind 'memory' for a program that needs more than is allowed. */
function checkBytes(bytes: number, most: number, name: string): void {
  if (bytes <= most) return;
  throw new LanewiseError(
    'memory',
    `'${name}' asks for ${bytes} bytes of memory, expected at most ${most}`,
    'a smaller batch at encodeProgram needs less; mostBytes allows more where the file is trusted',
  );
}

/** The number of given samples, and the function that puts some of them, for all inputs, into memory. */
function fillOf(
  { inputs }: ProgramFile,
  feeds: readonly ReturnType<typeof createFeed>[],
  given: Readonly<Record<string, Samples>>,
  shape: Shape | undefined,
): { count: number; fill(from: number, count: number): void } {
  if (!isObject(given)) {
    throw new LanewiseError(
      'argument',
      `samples are ${show(given)}, expected a typed array, or one for each input`,
    );
  }
  const open = inputs.map(({ name }, i) => feeds[i]!(given[name], i === 0 ? shape : undefined));
  const count = open[0]!.count;
  const other = open.findIndex((one) => one.count !== count);
  if (other >= 0) {
    throw new LanewiseError(
      'data',
      `input '${inputs[0]!.name}' has ${count} samples, '${inputs[other]!.name}' ${open[other]!.count}: expected as many`,
    );
  }
  return { count, fill: (from, taken) => open.forEach((one) => one.write(from, taken)) };
}

/** Reports a kernel that the engine stopped for leaving its memory. */
function guard(name: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    throw new LanewiseError(
      'file',
      `'${name}': its program left its memory: ${error.message}`,
      undefined,
      { cause: error },
    );
  }
}

function checkScores(scores: Float32Array, name: string): void {
  const at = scores.findIndex((score) => !Number.isFinite(score));
  if (at < 0) return;
  throw new LanewiseError(
    'engine',
    `scores of '${name}': ${scores[at]} at ${at}, expected a finite number`,
    'its weights are damaged, or its samples are not finite or far too large',
  );
}
