/**
 * The reader of a program file's kernel calls, with all checks. Each kernel's operands are checked by their table and
 * each buffer against its segment. Whatever a call reads must have been written earlier in the same list, so that
 * nothing of an earlier prediction reaches a later one.
 */
import type { LanewiseError } from '../base/errors.js';
import { inferenceKernels } from '../program/inference-rows.js';
import type { Int8Kernel, KernelName } from '../program/kernel-table.js';
import type { KernelCall, Operand } from '../program/program.js';
import { buffersOf, fits, scalarsOf, type Buffer } from './operands.js';
import { createSpans, type Span } from './spans.js';
import { segmentOf, type StoredCall, type StoredProgram, type StoredSegment } from './stored.js';

type Refuse = (why: string) => LanewiseError;

/** The bytes that hold the samples before a list of calls, and those that it must have written at its end. */
export interface Ends {
  readonly batch: readonly Span[];
  readonly results: readonly Span[];
}

/** The kernels that programs may call, with their rows. */
export type KernelRows = Readonly<Record<string, string>>;

/** Bound on calls: more are a mistake, and would take long to check. */
const MOST_CALLS = 65_536;

/** Texts that represent numbers missing in JSON. */
const NUMBERS = ['-0', 'Infinity', '-Infinity'];

function readOperand(value: unknown, refuse: Refuse): Operand {
  if (typeof value === 'number') return value;
  if (NUMBERS.includes(value as string)) return Number(value);
  const [, letter, offset] = /^([pbraw])(\d{1,10})$/.exec(String(value)) ?? [];
  if (!letter) throw refuse(`an operand is ${JSON.stringify(value)}, expected a number or address`);
  return { segment: segmentOf[letter as keyof typeof segmentOf], offset: Number(offset) };
}

interface CheckedCall {
  readonly call: KernelCall;
  readonly buffers: readonly Buffer[];
}

/** Reads a call and its buffers, and checks that operands are in range and buffers within their segments. */
function readCall(
  [kernel, ...given]: StoredCall,
  bytes: StoredProgram['bytes'],
  rows: KernelRows,
  refuse: Refuse,
): CheckedCall {
  if (!Object.hasOwn(rows, kernel))
    throw refuse(`it calls the unknown kernel ${JSON.stringify(kernel)}`);
  const name = kernel as KernelName;
  const row = rows[name]!;
  // Files of earlier versions have no lengths.
  const isEarlier = row.endsWith(' lengths?=N') && given.length === row.split(' ').length - 1;
  // Nor groups, 5×5 filters and tiles of 2×2.
  const missing = isEarlier
    ? [0]
    : name === 'conv2dWinograd' && given.length === 16
      ? [1, 3, 4]
      : [];
  const checked = readOperands(name, row, [...given, ...missing], bytes, refuse);
  return missing.length > 1 ? { ...checked, call: { ...checked.call, label: EARLIER } } : checked;
}

/** Label of a Winograd convolution in a file of an earlier version. */
const EARLIER = 'earlier';

/**
 * Bytes that a call may need beyond the workspace for it, which has the size that the kernel asked for in the version
 * that wrote the file. They are bounds of what src/ops/workspace.ts adds up, which pages do not load.
 */
export function spareBytes({ kernel, operands, label }: KernelCall): number {
  const isGradient = /^conv2d(Grouped)?InputGradient$/.test(kernel);
  if (!isGradient && label !== EARLIER) return 0;
  const extents = scalarsOf(inferenceKernels[kernel as 'conv2d'].split(' '), operands);
  const [C, O, P, Q] = ['C', 'O', 'P', 'Q'].map((name) => extents.get(name)!) as [
    number,
    number,
    number,
    number,
  ];
  // The pixels of an image for all filters; 128 tiles and a row of them, with the filters, in 36 matrices.
  if (isGradient) return 4 * O * (P * Q + 8);
  return 144 * (C * (O + Q + 270) + 145 * O + Q + 16_600);
}

/** The call of a kernel by its row. */
export function readOperands(
  kernel: KernelName | Int8Kernel,
  row: string,
  stored: readonly (number | string)[],
  bytes: StoredProgram['bytes'],
  refuse: Refuse,
): CheckedCall {
  const words = row.split(' ');
  if (stored.length !== words.length)
    throw refuse(`${kernel} has ${stored.length} operands, expected ${words.length}`);
  const operands = stored.map((value) => readOperand(value, refuse));
  const buffers = buffersOf(words, operands, bytes, (word, i) => {
    throw refuse(`${kernel} has ${JSON.stringify(stored[i])} for ${word}, outside of its memory`);
  });
  if (!fits(kernel, scalarsOf(words, operands)))
    throw refuse(`the extents of ${kernel} do not go together: ${JSON.stringify(stored)}`);
  return { call: { kernel: kernel as KernelName, operands, label: '', flops: 0 }, buffers };
}

/**
 * A list of calls that is a function of its samples: no call writes parameters or samples, and each reads only what was
 * written before it.
 */
export function readCalls(
  stored: readonly StoredCall[],
  bytes: StoredProgram['bytes'],
  { batch, results }: Ends,
  refuse: Refuse,
  rows: KernelRows = inferenceKernels,
): readonly KernelCall[] {
  if (stored.length > MOST_CALLS)
    throw refuse(`a list has ${stored.length} calls, expected at most ${MOST_CALLS}`);
  const known = {
    parameters: createSpans(),
    batch: createSpans(),
    results: createSpans(),
    activations: createSpans(),
    workspace: createSpans(),
  } satisfies Record<StoredSegment, unknown>;
  known.parameters.add(0, bytes.parameters);
  for (const span of batch) known.batch.add(...span);
  const calls = stored.flatMap((one) => {
    const { call, buffers } = readCall(one, bytes, rows, refuse);
    for (const { name, segment, begin, end, isRead } of buffers) {
      if (isRead && !known[segment].has(begin, end))
        throw refuse(`${call.kernel} reads ${name}, which no call before it has written`);
    }
    // The gaps between the elements that a call writes.
    const rest = buffers.flatMap(({ name, segment, begin, end, isWritten, isWhole, isBytes }) => {
      if (!isWritten) return [];
      if (segment !== 'activations' && segment !== 'results')
        throw refuse(`${call.kernel} writes ${name} into the ${segment}`);
      const missing = known[segment].add(begin, end);
      return isWhole ? [] : missing.map((span) => zeros(segment, span, isBytes));
    });
    return [...rest, call];
  });
  if (!results.every((span) => known.results.has(...span)))
    throw refuse('no call writes all of its output');
  return calls;
}

function zeros(segment: StoredSegment, [begin, end]: Span, isBytes: boolean): KernelCall {
  const at = { segment, offset: begin };
  const operands = isBytes ? [end - begin, 0, at] : [at, (end - begin) / 4, 0];
  const kernel = (isBytes ? 'fillInt8' : 'fill') as KernelName;
  return { kernel, operands, label: '', flops: 0 };
}
