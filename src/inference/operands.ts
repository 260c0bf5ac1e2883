/**
 * Checks of a call's operands by its kernel's row (src/program/kernel-table.ts): numbers and buffers. They ensure for a program from a file that all it reads and writes is within the memory planned for it, and
 * that nothing is read before it is written. `fits` has the checks that a row cannot express.
 */
import type { Int8Kernel, KernelName } from '../program/kernel-table.js';
import type { Operand } from '../program/program.js';
import type { StoredSegment } from './stored.js';

/** The parts of a row's operand, `b?=O`: its name, whether it may be 0, its mark and its size. */
const partsOf = (word: string) =>
  /^(\w+)(\??)(\W?)(.*)$/.exec(word)!.slice(1) as [string, string, string, string];

/** Floats or bytes that a buffer must have, from a kernel's operands by name; NaN if an extent is invalid. */
export function elementsOf(size: string, values: ReadonlyMap<string, number>): number {
  if (size.startsWith('@')) return reachOf(size.slice(1), values);
  const productOf = (extents: string): number =>
    extents.split('*').reduce((product, extent) => product * extentOf(extent, values), 1);
  const factorOf = (factor: string): number =>
    factor
      .split('/')
      .map(productOf)
      .reduce((quotient, divisor) => Math.ceil(quotient / divisor));
  const termOf = (term: string): number =>
    term.split('.').reduce((product, factor) => product * factorOf(factor), 1);
  return size.split('+').reduce((sum, term) => sum + termOf(term), 0);
}

function extentOf(name: string, values: ReadonlyMap<string, number>): number {
  if (name.endsWith('-1')) return extentOf(name.slice(0, -2), values) - 1;
  const extent = values.get(name) ?? Number(name);
  return Number.isSafeInteger(extent) && extent >= 1 ? extent : NaN;
}

/** One more than the place of the last element that strides reach. */
function reachOf(strides: string, values: ReadonlyMap<string, number>): number {
  let last = 0;
  for (let i = 0; values.has(`n${i}`); i++) {
    const stride = values.get(`${strides}${i}`)!;
    if (!Number.isSafeInteger(stride) || stride < 0) return NaN;
    last += (extentOf(`n${i}`, values) - 1) * stride;
  }
  return last + 1;
}

/**
 * Number of elements that a walk with these strides leaves out; NaN if it visits one twice, and so may take for ever.
 */
function leftOut(strides: string, values: ReadonlyMap<string, number>): number {
  const steps: [stride: number, extent: number][] = [];
  for (let i = 0; values.has(`n${i}`); i++) {
    const extent = values.get(`n${i}`)!;
    if (extent > 1) steps.push([values.get(`${strides}${i}`)!, extent]);
  }
  let [reach, count] = [1, 1];
  for (const [stride, extent] of steps.toSorted(([a], [b]) => a - b)) {
    if (stride < reach) return NaN;
    reach += (extent - 1) * stride;
    count *= extent;
  }
  return reach - count;
}

/** A buffer passed to a call: bytes [begin, end) of a segment. */
export interface Buffer {
  readonly name: string;
  readonly segment: StoredSegment;
  readonly begin: number;
  readonly end: number;
  readonly isRead: boolean;
  readonly isWritten: boolean;
  /** Whether it is written completely; strides may leave some elements out. */
  readonly isWhole: boolean;
  /** Whether its elements are bytes, at any place; else they are as long as floats. */
  readonly isBytes: boolean;
}

const isWhole32 = (value: unknown): boolean =>
  Number.isInteger(value) && ((value as number) | 0) === value;

/** Whether a number is valid for an operand of this mark. */
function allows(mark: string, size: string, value: number): boolean {
  if (mark === '~') return true;
  if (mark === '+') return value >= 0 && value < Infinity;
  if (mark === '#') return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32;
  return isWhole32(value) && (mark !== '<' || (value >= 0 && value <= Number(size)));
}

/** The extents and settings of a call by name. */
export function scalarsOf(
  words: readonly string[],
  operands: readonly Operand[],
): ReadonlyMap<string, number> {
  const scalars = new Map<string, number>();
  words.forEach((word, i) => {
    const operand = operands[i]!;
    if (typeof operand === 'number') scalars.set(partsOf(word)[0], operand);
  });
  return scalars;
}

/**
 * The buffers among a call's operands, each within its segment; calls `outside`, which throws, for the first operand
 * that is out of range.
 */
export function buffersOf(
  words: readonly string[],
  operands: readonly Operand[],
  bytes: Readonly<Record<StoredSegment, number>>,
  outside: (word: string, i: number) => never,
): readonly Buffer[] {
  const scalars = scalarsOf(words, operands);
  return words.flatMap((word, i): Buffer[] => {
    const operand = operands[i]!;
    const [name, optional, mark, size] = partsOf(word);
    const isBytes = ':!^'.includes(mark || ' ');
    const isBuffer = isBytes || '=>&'.includes(mark || ' ');
    const unit = isBytes ? 1 : 4;
    if (typeof operand === 'number') {
      const fits = isBuffer ? operand === 0 && optional === '?' : allows(mark, size, operand);
      return fits && word !== 'workspace' ? [] : outside(word, i);
    }
    const segment = operand.segment as StoredSegment;
    const begin = operand.offset;
    // Only kernels know how much workspace they need: it is the last segment, and nothing else is in it.
    const isWorkspace = segment === 'workspace';
    if (word === 'workspace' && isWorkspace && begin <= bytes.workspace && begin % 16 === 0)
      return [];
    const end = begin + (isBuffer ? elementsOf(size, scalars) : NaN) * unit;
    const [isRead, isWritten] = ['=&:'.includes(mark), '>&!^'.includes(mark)];
    const rest = isWritten && size.startsWith('@') ? leftOut(size.slice(1), scalars) : 0;
    // An invalid extent gives NaN, which fails the comparison.
    if (isWorkspace || begin % unit !== 0 || !(end <= bytes[segment]) || !(rest >= 0))
      return outside(word, i);
    const isWhole = rest === 0 && mark !== '^';
    return [{ name, segment, begin, end, isRead, isWritten, isWhole, isBytes }];
  });
}

/** Whether a kernel's extents, each in range, are consistent. */
export function fits(
  kernel: KernelName | Int8Kernel,
  scalars: ReadonlyMap<string, number>,
): boolean {
  const get = (name: string, other: number): number => scalars.get(name) ?? other;
  const [C, O] = [get('C', 1), get('O', 0)];
  const isDepthwise = kernel.includes('Depthwise');
  // Depthwise: one group per channel.
  const groups = scalars.has('C') ? get('groups', isDepthwise ? C : 1) : 1;
  if (C % groups !== 0 || O % groups !== 0) return false;
  if (kernel === 'convInt8Depthwise' && O !== C) return false;
  if (kernel.startsWith('conv2dWinograd') && !hasTransform(C / groups, O / groups, scalars))
    return false;
  if (kernel === 'binary') return get('n3', 1) === 1 || get('a3', 0) + get('b3', 0) > 0;
  if (kernel.startsWith('pad2d'))
    return isBorder(scalars, 'top', 'H', 'height') && isBorder(scalars, 'left', 'W', 'width');
  if (!scalars.has('P') || scalars.has('numH')) return true;
  // Pooling over cut windows: each must begin within the image or the padding before it.
  const isAdaptive = kernel.includes('PoolWindows');
  const isCut = isAdaptive || kernel.includes('PoolInt8');
  return ['P H kh sh ph dilationH', 'Q W kw sw pw dilationW'].every((names) => {
    const [p, h, k, s, padding, d] = names.split(' ') as [string, ...string[]];
    const [count, extent] = [get(p, 1), get(h!, 1)];
    // Winograd's filters are k×k.
    const [kernelExtent, stride] = [get(k!, get('k', 1)), get(s!, 1)];
    const [pad, dilation] = [get(padding!, 0), get(d!, 1)];
    if (isAdaptive && kernelExtent === 0)
      return stride === 0 && pad === 0 && count * extent < 2 ** 31;
    const reach = (kernelExtent - 1) * dilation + 1;
    const isPlaced = isCut
      ? (count - 1) * stride < extent + pad && 2 * pad <= kernelExtent
      : count === Math.floor((extent + 2 * pad - reach) / stride) + 1;
    const isKernel = kernelExtent >= 1 && dilation >= 1 && stride >= 1 && pad >= 0;
    const isBounded = extent + 2 * pad + kernelExtent * dilation < 2 ** 30;
    return isKernel && isPlaced && isBounded;
  });
}

/** Whether Winograd's kernels have the transform that a call asks for; their panels are of four channels of a group. */
function hasTransform(C: number, O: number, scalars: ReadonlyMap<string, number>): boolean {
  const all = (names: string, value: number) =>
    names.split(' ').every((name) => scalars.get(name) === value);
  const isPlaneOf2 = all('H W P Q tile', 2) && all('ph pw', 1);
  const isKnown = (all('tile', 4) || isPlaneOf2) && all('k', 3);
  return C % 4 === 0 && O % 4 === 0 && (isKnown || (all('tile', 2) && all('k', 5)));
}

/** Whether the image is within its frame, and reflection does not go beyond the image. */
function isBorder(
  scalars: ReadonlyMap<string, number>,
  before: string,
  extent: string,
  frame: string,
): boolean {
  const [first, inner, all] = [before, extent, frame].map((name) => scalars.get(name)!);
  const last = all! - inner! - first!;
  const most = scalars.get('mode') === 2 ? inner! - 1 : Infinity;
  return first! >= 0 && last >= 0 && first! <= most && last <= most;
}
