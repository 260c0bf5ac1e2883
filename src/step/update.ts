/**
 * The update phase of a step: which kernels a worker calls on its slice of the parameters.
 *
 * For norms of whole tensors (clipping by the global norm, LARS), each worker first sums squares
 * over blocks of its slice; when all have met, each adds up the blocks' sums itself, from first to last. Blocks are the
 * same for any number of workers, and a slice begins with one.
 */
import { LanewiseError } from '../base/errors.js';
import { RATE_SLOTS, withGroups, type Optimizer } from '../optimizers/optimizer.js';
import { createEmitter } from '../program/emitter.js';
import { address, align, type Address, type Emitter, type KernelCall } from '../program/program.js';
import {
  sliceOf,
  trainedEntries,
  type ParameterEntry,
  type ParameterLayout,
} from './parameters.js';

/** The update settings of a run. */
export interface UpdateRequest {
  readonly optimizer: Optimizer;
  /** Names of parameters and statistics that keep their values. */
  readonly freeze?: readonly string[];
  /** Gradients are clipped to ± this value. */
  readonly clipValue?: number;
  /** All gradients together are then scaled so that their norm is at most this. */
  readonly clipNorm?: number;
  /** If present, an average of the weights is kept; its share is a step's last rate. */
  readonly average?: object;
}

/** The update phase of every worker, by rank. */
export interface UpdatePlan {
  /** The range of gradient bytes that each worker updates. */
  readonly slices: readonly { readonly from: number; readonly bytes: number }[];
  /** Calls before workers meet for the sums; empty if there are no sums. */
  readonly sums: readonly (readonly KernelCall[])[];
  readonly updates: readonly (readonly KernelCall[])[];
  /** Bytes of the `state` segment, which begins with the optimizer's arrays. */
  readonly stateBytes: number;
  readonly stateArrays: number;
  /** Offset of the averaged weights in it. */
  readonly averageOffset?: number;
  /**
   * Bytes of parameters, the first ones, that the gradients' program updates itself, so that their gradients have no place:
   * all that are trained, or 0.
   */
  readonly atOnceBytes: number;
  /** Number of values in a step's row of rates, a multiple of 4. */
  readonly rateSlots: number;
}

/** Floats per block, whose squares are added separately. */
const BLOCK = 4096;

/** Whether a parameter's update needs nothing but its own gradient, values and state, so that it may come at any time. */
export const isAlone = ({ optimizer, clipValue, clipNorm }: UpdateRequest): boolean =>
  !optimizer.needsNorms && clipValue === undefined && clipNorm === undefined;

/**
 * Plans the update phase; of parameters that are updated `atOnce`, within the gradients' program, only statistics and the
 * average are left.
 * @throws LanewiseError kind 'argument' for norms that contradict each other.
 */
export function planUpdate(
  request: UpdateRequest,
  parameters: ParameterLayout,
  workers: number,
  atOnce = false,
): UpdatePlan {
  const { optimizer, clipNorm } = request;
  const isAveraged = request.average !== undefined;
  const { trainedBytes, gradientBytes } = parameters;
  const hasLayerNorms = optimizer.needsNorms ?? false;
  if (clipNorm !== undefined && hasLayerNorms) {
    throw new LanewiseError(
      'argument',
      `clipNorm with ${optimizer.kind}, whose steps do not grow with the gradient: expected one of them`,
    );
  }
  const hasSums = clipNorm !== undefined || hasLayerNorms;
  const sums = layoutSums(parameters, align(trainedBytes * optimizer.stateArrays));
  const stateBytes = align(hasSums ? sums.end : trainedBytes * optimizer.stateArrays);
  // The average is behind the optimizer's state.
  const averageOffset = isAveraged ? stateBytes : undefined;
  const groups = withGroups(optimizer).length;
  const rateSlots = (groups + Number(isAveraged)) * RATE_SLOTS;
  const context: Context = {
    ...request,
    atOnce,
    parameters,
    sums,
    averageOffset,
    shareOffset: groups * RATE_SLOTS * 4,
    factorOffset: align(rateSlots * 4),
  };
  const ranks = Array.from({ length: workers }, (_, rank) => rank);
  const slices = ranks.map((rank) => {
    const { from, bytes } = sliceOf(gradientBytes, rank, workers);
    if (!hasSums) return { from, bytes };
    const [start, end] = [blockStart(parameters, from), blockStart(parameters, from + bytes)];
    return { from: start, bytes: end - start };
  });
  return {
    slices,
    sums: hasSums ? slices.map((slice) => sumCalls(context, slice)) : [],
    updates: slices.map((slice) => updateCalls(context, slice)),
    stateArrays: optimizer.stateArrays,
    stateBytes: stateBytes + (isAveraged ? gradientBytes : 0),
    averageOffset,
    atOnceBytes: atOnce ? trainedBytes : 0,
    rateSlots,
  };
}

interface Context extends UpdateRequest {
  readonly atOnce: boolean;
  readonly parameters: ParameterLayout;
  readonly sums: SumsLayout;
  readonly averageOffset?: number;
  /** Offsets in `rates`: the average's share, and after the step's row the clipping factor. */
  readonly shareOffset: number;
  readonly factorOffset: number;
}

type Slice = UpdatePlan['slices'][number];

/** Sums of squares in the `state` segment: of gradients, then of weights, one float64 per block. */
interface SumsLayout {
  readonly gradients: number;
  readonly weights: number;
  readonly blocks: number;
  /** Number of a trained parameter's first block. */
  readonly first: ReadonlyMap<string, number>;
  readonly end: number;
}

const blocksOf = ({ count }: ParameterEntry): number => Math.ceil(count / BLOCK);

function layoutSums(parameters: ParameterLayout, offset: number): SumsLayout {
  const first = new Map<string, number>();
  let blocks = 0;
  for (const entry of trainedEntries(parameters)) {
    first.set(entry.name, blocks);
    blocks += blocksOf(entry);
  }
  return {
    gradients: offset,
    weights: offset + blocks * 8,
    blocks,
    first,
    end: offset + blocks * 16,
  };
}

/** The start of the block that contains `offset`; each parameter begins a block. */
function blockStart({ entries }: ParameterLayout, offset: number): number {
  const entry = entries.find((e) => e.offset <= offset && offset < e.offset + align(e.count * 4));
  if (!entry) return offset;
  return offset - ((offset - entry.offset) % (BLOCK * 4));
}

/** Calls `use` on the part of [offset, offset + size) within the slice, if there is one. */
function within(
  slice: Slice,
  offset: number,
  size: number,
  use: (from: number, count: number) => void,
): void {
  const from = Math.max(offset, slice.from);
  const end = Math.min(offset + size, slice.from + slice.bytes);
  if (from < end) use(from, (end - from) / 4);
}

function emit(calls: KernelCall[]): Emitter {
  return createEmitter(calls, () => ({ label: 'update', flops: 0 }));
}

/** Calls before the meeting: clipping by value, and the sums of squares of the slice's blocks. */
function sumCalls(context: Context, slice: Slice): KernelCall[] {
  const { parameters, sums, optimizer, clipValue } = context;
  const calls: KernelCall[] = [];
  const k = emit(calls);
  if (clipValue !== undefined) {
    within(slice, 0, parameters.trainedBytes, (from, count) =>
      k.clipValues(address('gradients', from), count, clipValue),
    );
  }
  for (const entry of trainedEntries(parameters)) {
    // Padding is excluded: a slice may end with it.
    within(slice, entry.offset, entry.count * 4, (from, count) => {
      const block = sums.first.get(entry.name)! + (from - entry.offset) / (BLOCK * 4);
      const at = (segment: 'gradients' | 'weights') => address('state', sums[segment] + block * 8);
      k.sumSquares(address('gradients', from), count, BLOCK, at('gradients'));
      if (optimizer.needsNorms)
        k.sumSquares(address('parameters', from), count, BLOCK, at('weights'));
    });
  }
  return calls;
}

/**
 * Calls of the optimizer on trained parameters, of running statistics, and of the average of both, within the slice.
 */
function updateCalls(context: Context, slice: Slice): KernelCall[] {
  const { parameters, sums, optimizer, clipNorm, clipValue, averageOffset } = context;
  const { trainedBytes, gradientBytes } = parameters;
  const calls: KernelCall[] = [];
  const k = emit(calls);
  if (clipNorm !== undefined) {
    const factor = address('rates', context.factorOffset);
    k.clipFactor(address('state', sums.gradients), sums.blocks, clipNorm, factor);
    within(slice, 0, trainedBytes, (from, count) =>
      k.multiply(address('gradients', from), count, factor),
    );
  } else if (clipValue !== undefined && !optimizer.needsNorms) {
    within(slice, 0, trainedBytes, (from, count) =>
      k.clipValues(address('gradients', from), count, clipValue),
    );
  }
  const trained = context.atOnce ? [] : runs(parameters, optimizer.needsNorms ?? false);
  for (const { offset, bytes, group, entry } of trained) {
    within(slice, offset, bytes, (from, count) =>
      emitUpdate(k, context, group, from, count, address('gradients', from), entry),
    );
  }
  for (const { offset, count, role, momentum } of parameters.entries) {
    if (role !== 'statistic' || momentum === undefined) continue;
    within(slice, offset, align(count * 4), (from, values) =>
      k.moveTowards(address('parameters', from), address('gradients', from), values, momentum),
    );
  }
  if (averageOffset !== undefined) {
    within(slice, 0, gradientBytes, (from, count) =>
      k.average(
        address('state', averageOffset + from),
        address('parameters', from),
        count,
        address('rates', context.shareOffset),
      ),
    );
  }
  return calls;
}

/** The update of `count` trained values from byte `from`, of one group, by the gradients there. */
export function emitUpdate(
  k: Emitter,
  { optimizer, parameters, sums }: Pick<Context, 'optimizer' | 'parameters'> & Partial<Context>,
  group: number,
  from: number,
  count: number,
  gradients: Address,
  entry?: ParameterEntry,
): void {
  withGroups(optimizer)[group]!.update(k, {
    parameters: address('parameters', from),
    gradients,
    state: Array.from({ length: optimizer.stateArrays }, (_, i) =>
      address('state', from + i * parameters.trainedBytes),
    ),
    rates: address('rates', group * RATE_SLOTS * 4),
    count,
    norms: optimizer.needsNorms ? normsOf(sums!, entry!) : undefined,
  });
}

/** Trained parameters in the order of their offsets, singly, or neighbours in a group together. */
function runs(
  parameters: ParameterLayout,
  isByTensor: boolean,
): { offset: number; bytes: number; group: number; entry: ParameterEntry }[] {
  const found: { offset: number; bytes: number; group: number; entry: ParameterEntry }[] = [];
  for (const entry of trainedEntries(parameters).toSorted((a, b) => a.offset - b.offset)) {
    const { offset, count, group } = entry;
    const last = found.at(-1);
    if (last?.group === group && !isByTensor) last.bytes += align(count * 4);
    else found.push({ offset, bytes: align(count * 4), group, entry });
  }
  return found;
}

function normsOf(sums: SumsLayout, entry: ParameterEntry) {
  const first = sums.first.get(entry.name)! * 8;
  return {
    weights: address('state', sums.weights + first),
    gradients: address('state', sums.gradients + first),
    blocks: blocksOf(entry),
  };
}
