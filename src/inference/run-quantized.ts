/** Loaded files of quantised models: their programs run on bytes, and on floats only where layers stayed float. */
import { checkOptions, isObject, refuse, text, wholeFrom, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { instantiateInt8, int8Build, loadInt8, type Int8Kernels } from '../engine/int8-kernels.js';
import { compile, nameOfBuild, type Kernels } from '../engine/wasm.js';
import { inferenceKernels } from '../program/inference-rows.js';
import { int8Kernels } from '../program/int8-rows.js';
import { frameBy, withStaging } from './frame-samples.js';
import { instantiateKernels, isKernelSource, type KernelSource } from './inference-build.js';
import { readProgram, type ProgramFile, type ProgramKind } from './read.js';
import {
  checkBytesOf,
  placeProgram,
  programOf,
  type InferenceProgram,
  type PlacedProgram,
} from './run-program.js';
import { softmaxRows } from './softmax-rows.js';
import { QUANTIZED_VERSION } from './stored.js';

/** Settings of `loadQuantized`. */
export interface LoadQuantizedOptions {
  /** The file's name in messages; default `program`. */
  readonly name?: string;
  /**
   * The kernels on bytes where they cannot be fetched or compiled, such as in an edge worker: `int8-relaxed.wasm` or
   * `int8-plain.wasm`, as bytes or compiled. Their results are the same bits.
   */
  readonly module?: KernelSource;
  /** `inference-strict.wasm`, for a model with layers that stayed float; else nothing loads it. */
  readonly floatModule?: KernelSource;
  /** Largest memory that a program may request; default 2 GiB. Set it lower where untrusted files are loaded. */
  readonly mostBytes?: number;
}

const source = (owner: string, name: string, value: unknown): void => {
  if (!isKernelSource(value)) refuse(owner, name, value, 'a WebAssembly.Module or its bytes');
};

const OPTIONS: Checks<LoadQuantizedOptions> = {
  name: text,
  module: source,
  floatModule: source,
  mostBytes: /* @__PURE__ */ wholeFrom(1),
};

/**
 * Loads a file made by `encodeQuantized` or `lanewise quantize`. Scores have the same bits on every engine.
 * @throws LanewiseError kind 'file' for any other file, 'memory' or 'engine' if it cannot run here.
 */
export async function loadQuantized(
  bytes: Uint8Array,
  options: LoadQuantizedOptions = {},
): Promise<InferenceProgram> {
  checkOptions('loadQuantized', options, OPTIONS);
  checkBytesOf(bytes);
  const { name = 'program' } = options;
  const file = readQuantized(bytes, name);
  return programOf(file, name, 'strict', await placeQuantized(file, options));
}

/** Numbers of samples that a program is written for, at most. */
const MOST_FORMS = 16;

/** A call written as a text, in which `*196` is 196 a sample, as a list. */
const expandCall = (call: unknown, samples: number): unknown =>
  typeof call === 'string'
    ? call.split(' ').map((word) => {
        if (word.startsWith('*')) return Number(word.slice(1)) * samples;
        return /^-?\d/.test(word) ? Number(word) : word;
      })
    : call;

/** Programs written once for several numbers of samples, as one for each; what is otherwise stays as it is, to be refused. */
function expandPrograms(one: unknown): unknown {
  if (!isObject(one) || !Array.isArray(one['programs'])) return one;
  const programs = one['programs'].flatMap((program: unknown): unknown => {
    const { samples, calls } = isObject(program) ? program : {};
    if (!Array.isArray(samples) || !Array.isArray(calls) || samples.length > MOST_FORMS)
      return program;
    return samples.map((count: number) => ({
      samples: count,
      calls: calls.map((call: unknown) => expandCall(call, count)),
    }));
  });
  return { ...one, programs };
}

// A function, so that pages without it drop the rows.
const quantizedKind = (): ProgramKind => ({
  version: QUANTIZED_VERSION,
  types: ['F32', 'I32', 'I8', 'U8'],
  rows: { ...inferenceKernels, ...int8Kernels },
  expand(stored) {
    const whole = expandPrograms(stored);
    if (!isObject(whole) || !Array.isArray(whole['others'])) return whole;
    return { ...whole, others: whole['others'].map(expandPrograms) };
  },
});

/** The file of a quantised model, checked. @throws LanewiseError kind 'file'. */
export const readQuantized = (bytes: Uint8Array, name: string): ProgramFile =>
  readProgram(bytes, name, quantizedKind());

/** Loads the kernels that a file's programs call, and the file into a memory. */
export async function placeQuantized(
  file: ProgramFile,
  { name = 'program', module, floatModule, mostBytes = 2 ** 31 }: LoadQuantizedOptions,
): Promise<PlacedProgram> {
  const called = file.outputs.flatMap(({ programs }) =>
    programs.flatMap(({ calls }) => calls.map(({ kernel }) => kernel)),
  );
  const isFloat = called.some(
    (kernel) => kernel !== 'softmax' && !Object.hasOwn(int8Kernels, kernel),
  );
  let int8!: Int8Kernels;
  const placed = await placeProgram(withStaging(file), name, mostBytes, async (memory) => {
    const floats = isFloat ? await instantiateKernels('strict', memory, floatModule) : {};
    int8 = await instantiateBytes(memory, module);
    const softmax = (n: number, C: number, x: number, y: number): void =>
      softmaxRows(new Float32Array(memory.buffer), n, C, x / 4, y / 4);
    return { ...floats, ...int8, softmax } as unknown as Kernels;
  });
  return { ...placed, frame: frameBy(int8, file) };
}

/** @throws LanewiseError kind 'engine' for another build. */
async function instantiateBytes(
  memory: WebAssembly.Memory,
  given: KernelSource | undefined,
): Promise<Int8Kernels> {
  if (given === undefined) return instantiateInt8(await loadInt8(int8Build()), memory);
  const module =
    given instanceof WebAssembly.Module
      ? given
      : await compile('int8', () => WebAssembly.compile(given as BufferSource));
  const found = nameOfBuild(module);
  if (found === 'int8-relaxed' || found === 'int8-plain') return instantiateInt8(module, memory);
  throw new LanewiseError(
    'engine',
    `the program needs kernels on bytes, and ${found ? `'${found}' are` : 'none of Lanewise’s are'} given`,
    'give lanewise/wasm/int8-relaxed.wasm, or int8-plain.wasm where that cannot be compiled',
  );
}
