/**
 * The kernel calls of a program file, read and checked: each kernel's operands by their table, each buffer within its
 * segment, and what a call reads written before by the same list, so that nothing of an earlier prediction reaches a later one.
 */
import type { LanewiseError } from '../errors.js';
import type { KernelName } from '../program/kernels.js';
import type { KernelCall, Operand } from '../program/program.js';
import { buffersOf, fits, inferenceKernels, scalarsOf, type Buffer } from './operands.js';
import { createSpans, type Span } from './spans.js';
import { segmentOf, type StoredCall, type StoredProgram, type StoredSegment } from './stored.js';

type Refuse = (why: string) => LanewiseError;

/** Where a list of calls finds its samples, and what has to be there when it is done, in bytes. */
export interface Ends {
  readonly batch: readonly Span[];
  readonly results: Span;
}

/** More are a mistake, and would take long to check. */
const MOST_CALLS = 65_536;

/** What text stands for where JSON has no number. */
const NUMBERS = ['-0', 'Infinity', '-Infinity'];

function readOperand(value: unknown, refuse: Refuse): Operand {
  if (typeof value === 'number') return value;
  if (NUMBERS.includes(value as string)) return Number(value);
  const [, letter, offset] = /^([pbraw])(\d{1,10})$/.exec(String(value)) ?? [];
  if (!letter) throw refuse(`an operand is ${JSON.stringify(value)}, expected a number or address`);
  return { segment: segmentOf[letter as keyof typeof segmentOf], offset: Number(offset) };
}

/** A call whose operands are in range and whose buffers all lie within their segments, and these buffers. */
export function readCall(
  [kernel, ...given]: StoredCall,
  bytes: StoredProgram['bytes'],
  refuse: Refuse,
): { readonly call: KernelCall; readonly buffers: readonly Buffer[] } {
  if (!Object.hasOwn(inferenceKernels, kernel))
    throw refuse(`it calls the kernel ${JSON.stringify(kernel)}, which there is not`);
  const names = inferenceKernels[kernel as KernelName]!.split(' ');
  // Files of earlier versions know of no lengths.
  const stored =
    names.at(-1) === 'lengths?=N' && given.length === names.length - 1 ? [...given, 0] : given;
  if (stored.length !== names.length)
    throw refuse(`${kernel} has ${stored.length} operands, expected ${names.length}`);
  const operands = stored.map((value) => readOperand(value, refuse));
  const buffers = buffersOf(names, operands, bytes, (name, i) => {
    throw refuse(`${kernel} has ${JSON.stringify(stored[i])} for ${name}, outside of its memory`);
  });
  if (!fits(kernel as KernelName, scalarsOf(names, operands)))
    throw refuse(`the extents of ${kernel} do not go together: ${JSON.stringify(stored)}`);
  return { call: { kernel: kernel as KernelName, operands, label: '', flops: 0 }, buffers };
}

/**
 * A list of calls that is a function of its samples: none writes parameters or samples, and each reads what was written
 * before it.
 */
export function readCalls(
  stored: readonly StoredCall[],
  bytes: StoredProgram['bytes'],
  { batch, results }: Ends,
  refuse: Refuse,
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
    const { call, buffers } = readCall(one, bytes, refuse);
    for (const { name, segment, begin, end, isWritten } of buffers) {
      if (!isWritten && !known[segment].has(begin, end))
        throw refuse(`${call.kernel} reads ${name}, which no call before it has written`);
    }
    // What stays between the elements that a call writes.
    const rest = buffers.flatMap(({ name, segment, begin, end, isWritten, isWhole }) => {
      if (!isWritten) return [];
      if (segment !== 'activations' && segment !== 'results')
        throw refuse(`${call.kernel} writes ${name} into the ${segment}`);
      const missing = known[segment].add(begin, end);
      return isWhole ? [] : missing.map((span) => zeros(segment, span));
    });
    return [...rest, call];
  });
  if (!known.results.has(...results)) throw refuse('no call writes all of its output');
  return calls;
}

const zeros = (segment: StoredSegment, [begin, end]: Span): KernelCall => ({
  kernel: 'fill',
  operands: [{ segment, offset: begin }, (end - begin) / 4, 0],
  label: '',
  flops: 0,
});
