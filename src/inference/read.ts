/**
 * The reader of program files. They come from outside, so everything is checked before use: sizes before memory is
 * allocated, each kernel's name and operands, and that each of its buffers is within its segment. Any other fault of a
 * kernel is confined by its memory, which is the program's own.
 */
import { isObject } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { readHeader, type TensorEntry } from '../formats/safetensors-header.js';
import type { Numerics } from '../engine/features.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { KernelCall } from '../program/program.js';
import { readCalls, type Ends } from './calls.js';
import { PROGRAM_VERSION, segmentOf, type StoredProgram, type StoredSegment } from './stored.js';

export interface ProgramFile extends Omit<StoredProgram, 'programs'> {
  readonly numerics: Numerics;
  readonly classes?: readonly string[];
  /** The tensors' bytes as stored in the file, and their destinations. */
  readonly weights: readonly { readonly values: Uint8Array; readonly at: number }[];
  readonly programs: readonly { readonly samples: number; readonly calls: readonly KernelCall[] }[];
}

/** The limit of WebAssembly's addresses. */
const MOST_BYTES = 2 ** 32;

/** @throws LanewiseError kind 'file' for bytes that are not a program file; `name` is for messages. */
export function readProgram(bytes: Uint8Array, name: string): ProgramFile {
  const { entries, metadata, dataStart } = readHeader(bytes, name);
  const refuse = (why: string): LanewiseError => new LanewiseError('file', `'${name}': ${why}`);
  if (metadata['program'] === undefined) {
    throw new LanewiseError(
      'file',
      `'${name}' holds no program${metadata['architecture'] ? ', but a model' : ''}`,
      'encodeProgram, or `lanewise export MODEL --inference`, makes a file with one',
    );
  }
  const stored = parse(metadata['program'], 'program', refuse) as StoredProgram;
  checkProgram(stored, refuse);
  const numerics = metadata['numerics'];
  if (numerics !== 'fused' && numerics !== 'strict')
    throw refuse(`numerics is '${numerics ?? 'missing'}', expected 'fused' or 'strict'`);
  const { classes } = metadata;
  return {
    ...stored,
    numerics,
    ...(classes === undefined ? {} : { classes: readClasses(classes, refuse) }),
    weights: Object.entries(stored.parameters).map(([tensor, at]) => {
      const entry = entries.find((one) => one.tensor === tensor);
      checkWeights(stored, tensor, entry, at, refuse);
      const { begin, end } = entry!;
      return { values: bytes.subarray(dataStart + begin, dataStart + end), at };
    }),
    programs: stored.programs.map(({ samples, calls }) => ({
      samples,
      calls: readCalls(calls, stored.bytes, endsOf(stored, samples), refuse),
    })),
  };
}

/** The places of the samples and of the scores. */
function endsOf({ inputs, output }: StoredProgram, samples: number): Ends {
  const span = ({ at, shape }: { at: number; shape: Shape }) =>
    [at, at + sizeOf(shape) * samples * 4] as const;
  return { batch: inputs.map(span), results: span(output) };
}

type Refuse = (why: string) => LanewiseError;

function parse(json: string, key: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw refuse(`its ${key} is not JSON`);
  }
}

function readClasses(json: string, refuse: Refuse): readonly string[] {
  const classes = parse(json, 'list of classes', refuse);
  if (Array.isArray(classes) && classes.every((one) => typeof one === 'string')) return classes;
  throw refuse('its classes are not a list of names');
}

/** Whether a value is a number of bytes or values that can be addressed. */
const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST_BYTES;

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((extent) => isSize(extent) && extent > 0);

/** Checks everything but the kernel calls. */
function checkProgram(stored: StoredProgram, refuse: Refuse): void {
  if (!isObject(stored) || stored.version !== PROGRAM_VERSION) {
    const found = isObject(stored) ? JSON.stringify(stored.version) : 'none';
    throw refuse(`its program has version ${found ?? 'none'}, expected ${PROGRAM_VERSION}`);
  }
  const { bytes, parameters, inputs, output, programs } = stored;
  const sizes = Object.values(segmentOf).map((segment) => isObject(bytes) && bytes[segment]);
  if (!sizes.every((size) => isSize(size) && size % 16 === 0))
    throw refuse('the sizes of its memory are not multiples of 16 bytes');
  if (!isObject(parameters) || !Object.values(parameters).every(isSize))
    throw refuse('the places of its parameters are not whole numbers');
  if (!Array.isArray(programs) || !programs.every(isListOfCalls) || !endsInOne(programs))
    throw refuse('its programs are not in descending order of samples, the last for 1');
  const [most] = programs as StoredProgram['programs'];
  const fits = (shape: unknown, at: unknown, segment: StoredSegment): boolean =>
    isShape(shape) &&
    isSize(at) &&
    at % 4 === 0 &&
    at + sizeOf(shape) * most!.samples * 4 <= bytes[segment];
  const isInput = (value: unknown): boolean =>
    isObject(value) &&
    typeof value['name'] === 'string' &&
    hasScale(value) &&
    (value['vocabulary'] === undefined || isSize(value['vocabulary'])) &&
    (value['lengths'] === undefined || isSize(value['lengths'])) &&
    fits(value['shape'], value['at'], 'batch');
  if (!Array.isArray(inputs) || inputs.length === 0 || !inputs.every(isInput))
    throw refuse('its inputs have no name, scale and place in the memory for a batch');
  if (
    !isObject(output) ||
    typeof output.name !== 'string' ||
    !fits(output.shape, output.at, 'results')
  )
    throw refuse('its output has no name and place in the memory for results');
}

/** Whether a mean and a deviation are finite numbers, or lists of as many as the input has channels. */
function hasScale({ shape, mean, deviation }: Readonly<Record<string, unknown>>): boolean {
  const isScale = (value: unknown, isNumber: (one: unknown) => boolean): boolean =>
    Array.isArray(value)
      ? isShape(shape) && value.length === shape[0] && value.every(isNumber)
      : isNumber(value);
  return (
    isScale(mean, Number.isFinite) && isScale(deviation, (one) => Number.isFinite(one) && one !== 0)
  );
}

const isListOfCalls = (value: unknown): boolean =>
  isObject(value) &&
  isSize(value['samples']) &&
  Array.isArray(value['calls']) &&
  value['calls'].every(Array.isArray);

const endsInOne = (programs: StoredProgram['programs']): boolean =>
  programs.at(-1)?.samples === 1 &&
  programs.every(({ samples }, i) => i === 0 || samples < programs[i - 1]!.samples);

function checkWeights(
  { bytes }: StoredProgram,
  tensor: string,
  entry: TensorEntry | undefined,
  at: number,
  refuse: Refuse,
): void {
  const found = entry ? `is of ${entry.dtype}` : 'is missing';
  if (entry?.dtype !== 'F32') throw refuse(`tensor '${tensor}' ${found}, its program needs F32`);
  if (at % 4 === 0 && at + entry.end - entry.begin <= bytes.parameters) return;
  throw refuse(`tensor '${tensor}' does not fit the memory for parameters at byte ${at}`);
}
