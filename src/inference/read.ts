/**
 * The reader of program files. They come from outside, so everything is checked before use: sizes before memory is
 * allocated, each kernel's name and operands, and that each of its buffers is within its segment. Any other fault of a
 * kernel is confined by its memory, which is the program's own.
 */
import { isObject } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { widthOfSpread, type Spread } from '../base/spread.js';
import { readTableFormat } from '../data/read-table.js';
import { readNames, readSampleFormat, type SampleFormat } from '../data/sample-format.js';
import type { TableFormat } from '../data/table-format.js';
import { readHeader, type TensorEntry } from '../formats/safetensors-header.js';
import type { Numerics } from '../engine/features.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { KernelCall } from '../program/program.js';
import { readCalls, type Ends, type KernelRows } from './calls.js';
import {
  PROGRAM_VERSION,
  segmentOf,
  type StoredOutput,
  type StoredProgram,
  type StoredPrograms,
  type StoredSegment,
} from './stored.js';

export interface ProgramFile extends Omit<StoredProgram, 'programs' | 'output' | 'others'> {
  readonly numerics: Numerics;
  readonly description: ProgramDescription;
  /** The tensors' bytes as stored in the file, and their destinations. */
  readonly weights: readonly { readonly values: Uint8Array; readonly at: number }[];
  /** The scored output, and others that predict targets of a table. */
  readonly outputs: readonly ProgramOutput[];
}

/** What a program's file says of the data that its model was trained on. */
export interface ProgramDescription {
  /** Names of the classes, in the order of the scores; absent where the model's file had none. */
  readonly classes?: readonly string[];
  /** The columns of the table whose rows the model takes. */
  readonly table?: TableFormat;
  /** The description of a series as the file has it, which `forecastOf` reads and checks. */
  readonly series?: unknown;
  /** Shape and type of samples, and how image files were brought to them. */
  readonly samples?: SampleFormat;
  /** The text that each token stands for. */
  readonly vocabulary?: readonly string[];
}

export interface ProgramOutput {
  readonly output: StoredOutput;
  /** By the number of samples that they take, from the largest to 1. */
  readonly programs: readonly { readonly samples: number; readonly calls: readonly KernelCall[] }[];
}

/** Bound on further outputs, each with programs of its own. */
const MOST_OTHERS = 256;
/** The limit of WebAssembly's addresses. */
const MOST_BYTES = 2 ** 32;

/** A kind of program: its version, what may be in its file, and how that is spelt. */
export interface ProgramKind {
  readonly version: StoredProgram['version'];
  /** Types of tensors. */
  readonly types: readonly string[];
  /** The kernels; default those of floats. */
  readonly rows?: KernelRows;
  /** The program in the spelling of those of floats; what is wrong in it may stay. */
  expand?(stored: unknown): unknown;
}

const FLOAT: ProgramKind = { version: PROGRAM_VERSION, types: ['F32'] };

/** @throws LanewiseError kind 'file' for bytes that are not a program file; `name` is for messages. */
export function readProgram(
  bytes: Uint8Array,
  name: string,
  kind: ProgramKind = FLOAT,
): ProgramFile {
  const { entries, metadata, dataStart } = readHeader(bytes, name);
  const refuse = (why: string): LanewiseError => new LanewiseError('file', `'${name}': ${why}`);
  if (metadata['program'] === undefined) {
    throw new LanewiseError(
      'file',
      `'${name}' holds no program${metadata['architecture'] ? ', but a model' : ''}`,
      'encodeProgram, or `lanewise export MODEL --inference`, makes a file with one',
    );
  }
  const parsed = parse(metadata['program'], 'program', refuse);
  const stored = (kind.expand?.(parsed) ?? parsed) as StoredProgram;
  checkProgram(stored, kind.version, refuse);
  const numerics = metadata['numerics'];
  if (numerics !== 'fused' && numerics !== 'strict')
    throw refuse(`numerics is '${numerics ?? 'missing'}', expected 'fused' or 'strict'`);
  const { programs, output, others = [], ...rest } = stored;
  return {
    ...rest,
    numerics,
    description: describedIn(metadata, refuse),
    weights: Object.entries(stored.parameters).map(([tensor, at]) => {
      const entry = entries.find((one) => one.tensor === tensor);
      checkWeights(stored, tensor, entry, at, kind.types, refuse);
      const { begin, end } = entry!;
      return { values: bytes.subarray(dataStart + begin, dataStart + end), at };
    }),
    outputs: [{ output, programs }, ...others].map((one) => ({
      output: one.output,
      programs: one.programs.map(({ samples, calls }) => ({
        samples,
        calls: readCalls(
          calls,
          stored.bytes,
          endsOf(stored, one.output, samples),
          refuse,
          kind.rows,
        ),
      })),
    })),
  };
}

/** The places of the samples and of the scores. */
function endsOf({ inputs }: StoredProgram, output: StoredOutput, samples: number): Ends {
  const span = ({ at, shape }: { at: number; shape: Shape }) =>
    [at, at + sizeOf(shape) * samples * 4] as const;
  const { at, raw = at } = output;
  return {
    batch: inputs.map(span),
    results: [span(output), span({ ...output, at: raw })],
  };
}

type Refuse = (why: string) => LanewiseError;

function parse(json: string, key: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw refuse(`its ${key} is not JSON`);
  }
}

/** What the metadata says of the data, each field as JSON and checked. */
function describedIn(
  metadata: Readonly<Record<string, string>>,
  refuse: Refuse,
): ProgramDescription {
  const read = <T>(
    key: string,
    what: string,
    reader: (value: unknown) => T | undefined,
  ): T | undefined => {
    const text = metadata[key];
    if (text === undefined) return undefined;
    const value = reader(parse(text, key, refuse));
    if (value === undefined) throw refuse(`its ${key} ${what}`);
    return value;
  };
  const classes = read('classes', 'are not a list of names', readNames);
  const table = read('table', 'is not one of columns and targets', (value) =>
    readTableFormat(value, classes),
  );
  const series = read('series', 'is null', (value) => value ?? undefined);
  const samples = read('samples', 'have no shape and type', readSampleFormat);
  const vocabulary = read('vocabulary', 'is not a list of texts', readNames);
  return {
    ...(classes ? { classes } : {}),
    ...(table ? { table } : {}),
    ...(series === undefined ? {} : { series }),
    ...(samples ? { samples } : {}),
    ...(vocabulary ? { vocabulary } : {}),
  };
}

/** Whether a value is a number of bytes or values that can be addressed. */
const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < MOST_BYTES;

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((extent) => isSize(extent) && extent > 0);

/** Checks everything but the kernel calls. */
function checkProgram(
  stored: StoredProgram,
  version: StoredProgram['version'],
  refuse: Refuse,
): void {
  if (!isObject(stored) || stored.version !== version) {
    const found = isObject(stored) ? JSON.stringify(stored.version) : 'none';
    const opener = found === '"int8"' ? ', which loadQuantized opens' : '';
    throw refuse(`its program has version ${found ?? 'none'}${opener}, expected ${version}`);
  }
  const { bytes, parameters, inputs, output, programs, others = [] } = stored;
  const sizes = Object.values(segmentOf).map((segment) => isObject(bytes) && bytes[segment]);
  if (!sizes.every((size) => isSize(size) && size % 16 === 0))
    throw refuse('the sizes of its memory are not multiples of 16 bytes');
  if (!isObject(parameters) || !Object.values(parameters).every(isSize))
    throw refuse('the places of its parameters are not whole numbers');
  if (!Array.isArray(others) || others.length > MOST_OTHERS || !others.every(isObject))
    throw refuse(`its others are not a list of at most ${MOST_OTHERS} outputs`);
  const all = [{ output, programs }, ...others];
  if (!all.every((one) => arePrograms(one.programs)))
    throw refuse('its programs are not in descending order of samples, the last for 1');
  const [most] = all
    .map((one) => (one.programs as StoredPrograms)[0]!)
    .toSorted((a, b) => b.samples - a.samples);
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
  const isOutput = (value: unknown): boolean =>
    isObject(value) &&
    typeof value['name'] === 'string' &&
    fits(value['shape'], value['at'], 'results') &&
    fits(value['shape'], value['raw'] ?? 0, 'results') &&
    (value['spread'] === undefined || isSpread(value['spread'], value['shape'] as Shape));
  if (!all.every((one) => isOutput(one.output)))
    throw refuse('its output has no name and place in the memory for results');
}

/** Whether a value describes distributions of which an output has a whole number. */
function isSpread(value: unknown, shape: Shape): boolean {
  if (!isObject(value)) return false;
  const { quantiles, normal } = value;
  const isShare = (one: unknown): boolean => typeof one === 'number' && one > 0 && one < 1;
  const is = quantiles === undefined ? isShare(normal) : isListOf(quantiles, isShare);
  return is && sizeOf(shape) % widthOfSpread(value as unknown as Spread) === 0;
}

const isListOf = (value: unknown, check: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(check);

const arePrograms = (programs: unknown): boolean =>
  isListOf(programs, isListOfCalls) && endsInOne(programs as StoredPrograms);

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

const endsInOne = (programs: StoredPrograms): boolean =>
  programs.at(-1)?.samples === 1 &&
  programs.every(({ samples }, i) => i === 0 || samples < programs[i - 1]!.samples);

function checkWeights(
  { bytes }: StoredProgram,
  tensor: string,
  entry: TensorEntry | undefined,
  at: number,
  types: readonly string[],
  refuse: Refuse,
): void {
  const found = entry ? `is of ${entry.dtype}` : 'is missing';
  if (!entry || !types.includes(entry.dtype))
    throw refuse(`tensor '${tensor}' ${found}, its program needs ${types.join(' or ')}`);
  if (at % 4 === 0 && at + entry.end - entry.begin <= bytes.parameters) return;
  throw refuse(`tensor '${tensor}' does not fit the memory for parameters at byte ${at}`);
}
