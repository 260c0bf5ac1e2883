/**
 * What the fields of a plan from another machine must be together. Each is a number in range when it gets here
 * (plan-fields.ts); these are the checks that all of them lie in the memory.
 */
import { LanewiseError } from '../base/errors.js';
import { knowAllTransforms } from '../data/transforms/all.js';
import { planTransforms } from '../data/transforms/kinds.js';
import { FIRST_FREE_BYTE } from '../engine/memory.js';
import type { DatasetPlan, PlacedColumn } from '../feed/dataset-plan.js';
import { gatherBytes } from '../feed/gather.js';
import { STEP_FIGURES } from '../feed/layout.js';
import { REST, SHARE } from '../feed/mixup.js';
import { buffersOf, fits, scalarsOf } from '../inference/operands.js';
import { kernelRows } from '../program/kernel-table.js';
import {
  ALIGNMENT,
  align,
  type KernelCall,
  type Program,
  type Segment,
} from '../program/program.js';
import type { RunPlan } from '../step/run-plan.js';
import { slotBytes } from '../step/slots.js';

/** @throws LanewiseError kind 'data': `the plan: hands is 5, expected at most 2`. */
export function refuse(name: string, found: unknown, expected: string): never {
  const shown = typeof found === 'object' ? JSON.stringify(found) : String(found);
  throw new LanewiseError('data', `the plan: ${name} is ${shown}, expected ${expected}`);
}

function atMost(name: string, found: number, most: number): void {
  if (!(found <= most)) refuse(name, found, `at most ${most}`);
}

/** Checks that bytes [from, from + count) are a whole number of floats within `bytes`. */
function within(name: string, from: number, count: number, bytes: number): void {
  if (from % 4 !== 0 || !(from + count <= bytes))
    refuse(name, from, `a place for ${count} bytes within ${bytes}`);
}

/** Bytes behind the last region that a kernel's vectors may read. */
const SLACK_BYTES = 64;

/** Checks that regions follow each other within a memory of at most `maxMemory` bytes. */
export function checkRegions({ regions, bytes }: RunPlan['memory'], maxMemory: number): void {
  if (bytes > maxMemory) {
    throw new LanewiseError(
      'memory',
      `the plan needs ${bytes} bytes of memory, this machine gives at most ${maxMemory}`,
      'let it give more, or train with a smaller batch or more shards',
    );
  }
  const names = new Set<string>();
  let end = FIRST_FREE_BYTE;
  regions.forEach((region, i) => {
    const name = `memory.regions[${i}]`;
    if (names.has(region.name)) refuse(`${name}.name`, region.name, 'names that differ');
    names.add(region.name);
    if (region.base < end || region.base % ALIGNMENT !== 0)
      refuse(`${name}.base`, region.base, `a multiple of ${ALIGNMENT} of at least ${end}`);
    end = region.base + region.bytes;
    if (end + SLACK_BYTES > bytes)
      refuse(`${name}.bytes`, region.bytes, `a region that ends before ${bytes - SLACK_BYTES}`);
  });
}

/** Checks the numbers of threads, slots and samples against each other, and that parameters lie in their layout. */
export function checkCounts(plan: RunPlan, threads: number | undefined): void {
  const { workers, hands, gradientHands, batch, shards, parameters, update, datasets } = plan;
  if (threads !== undefined && workers !== threads) refuse('workers', workers, `${threads}`);
  atMost('hands', hands, workers);
  atMost('gradientHands', gradientHands, workers);
  atMost('shards', shards, batch);
  if (datasets.length === 0) refuse('datasets', [], 'one at least');
  const { entries, trainedBytes, gradientBytes, bytes } = parameters;
  if ([trainedBytes, gradientBytes, bytes].some((one) => one % ALIGNMENT !== 0))
    refuse('parameters', [trainedBytes, gradientBytes, bytes], `multiples of ${ALIGNMENT} bytes`);
  atMost('parameters.trainedBytes', trainedBytes, gradientBytes);
  atMost('parameters.gradientBytes', gradientBytes, bytes);
  entries.forEach(({ offset, count, role }, i) => {
    const most = { trained: trainedBytes, statistic: gradientBytes, fixed: bytes }[role];
    within(`parameters.entries[${i}].offset`, offset, count * 4, most);
  });
  if (!update) return;
  const { slices, sums, updates, atOnceBytes } = update;
  if (atOnceBytes !== 0) refuse('update.atOnceBytes', atOnceBytes, '0');
  if (slices.length !== workers) refuse('update.slices', slices.length, `${workers} of them`);
  if (updates.length > 0 && updates.length !== workers)
    refuse('update.updates', updates.length, `${workers} of them`);
  if (sums.length > 0 && sums.length !== workers)
    refuse('update.sums', sums.length, `${workers} of them`);
  slices.forEach((slice, i) =>
    within(`update.slices[${i}].from`, slice.from, slice.bytes, gradientBytes),
  );
}

/** Bytes of each segment of one thread. */
type Shares = Readonly<Record<Segment, number>> & {
  readonly augment: number;
  readonly mixup: number;
};

/** Checks that each region has room for all threads' parts; resolves to the bytes of one thread's segments. */
export function sharesOf(plan: RunPlan): Shares {
  const { workers, hands, batch, shards, parameters, io, update, datasets } = plan;
  const bytesOf = (name: string, least: number): number => {
    const region = plan.memory.regions.find((one) => one.name === name);
    if (!region) refuse('memory.regions', undefined, `one of the name '${name}'`);
    if (region.bytes < least)
      refuse(`memory.regions '${name}'`, region.bytes, `at least ${least} bytes`);
    return region.bytes;
  };
  const shareOf = (name: string, count: number, least: number): number => {
    const share = bytesOf(name, count * least) / count;
    if (share % ALIGNMENT !== 0)
      refuse(`memory.regions '${name}'`, share * count, `${count} × a multiple of ${ALIGNMENT}`);
    return share;
  };
  bytesOf('control', 64);
  bytesOf('order', batch * 4);
  bytesOf('metrics', shards * STEP_FIGURES * 4);
  bytesOf('gradients', slotBytes(plan) * plan.gradientSlots * plan.gradientHands);
  for (const name of ['rates', 'scores', 'losses', 'shares']) bytesOf(name, 0);
  const columns = datasets.flatMap((data) => data.columns);
  const gathering = columns.reduce((sum, column) => sum + gatherBytes(column), 0);
  const pair = Math.max(0, ...columns.map(({ extents: [C, , , H, W] }) => C * H * W * 4));
  return {
    parameters: bytesOf('parameters', parameters.bytes),
    gradients: slotBytes(plan),
    state: bytesOf('state', update?.stateBytes ?? 0),
    rates: shareOf('rate', workers, align((update?.rateSlots ?? 0) * 4) + align(4)),
    batch: shareOf('batch', hands, align(io.batchBytes)),
    results: shareOf('results', hands, align(io.resultBytes)),
    activations: shareOf('activations', hands, ALIGNMENT),
    workspace: shareOf('workspace', hands, ALIGNMENT),
    augment: shareOf('augment', hands, gathering),
    mixup: plan.mixup ? shareOf('mixup', hands, align(pair)) : 0,
  };
}

/** Checks that a data set's columns lie in the memory, and that their leaves have room for `most` samples. */
export function checkDataset(
  plan: RunPlan,
  { slots, columns }: DatasetPlan,
  most: number,
  batchBytes: number,
  name: string,
): void {
  columns.forEach((column, i) => {
    const at = `${name}.columns[${i}]`;
    const { values, isBytes, extents, to, partner, scales, norm } = column;
    const [C, h, w, H, W] = extents;
    if (h > H || w > W) refuse(`${at}.extents`, extents, 'samples that are within their frame');
    const stored = storedShape(column).reduce((size, extent) => size * extent, 1);
    const bytes = slots * stored * (isBytes ? 1 : 4);
    const home = plan.memory.regions.find(
      (region) => region.base <= values && values + bytes <= region.base + region.bytes,
    );
    if (!home || values % 4 !== 0)
      refuse(`${at}.values`, values, `a place for ${bytes} bytes in a region`);
    const room = most * C * H * W * 4;
    within(`${at}.to`, to, room, batchBytes);
    if (partner !== undefined) within(`${at}.partner`, partner, room, batchBytes);
    if (scales && scales.pairs.length !== 2 * C)
      refuse(`${at}.scales.pairs`, scales.pairs.length, `${2 * C} numbers`);
    if (!norm) return;
    within(`${at}.norm.to`, norm.to, most * 4, batchBytes);
    if (isBytes || norm.size !== stored) refuse(`${at}.norm.size`, norm.size, `${stored} floats`);
  });
}

/** The shape in which a column's samples are stored. */
const storedShape = ({ extents: [C, h, w], augmentation }: PlacedColumn): readonly number[] =>
  augmentation?.shape ?? [C, h, w];

/** Checks that a column's transforms can be planned, and make what is gathered. */
export function checkTransforms(
  { extents, augmentation, dtype }: PlacedColumn,
  name: string,
): void {
  const [C, h, w] = extents;
  if (dtype === 'i32' && (C !== 1 || h !== 1))
    refuse(`${name}.extents`, extents, 'a row of whole numbers');
  if (!augmentation) return;
  const { shape, transforms } = augmentation;
  if (dtype === 'i32' || shape.length !== 3 || transforms.length === 0)
    refuse(`${name}.augmentation`, { dtype, shape }, 'transforms of images');
  // Threads know all of them, too.
  knowAllTransforms();
  let after: readonly number[];
  try {
    after = planTransforms(transforms, shape).shape;
    gatherBytes({ augmentation });
  } catch (error) {
    const reason = (error as Error).message;
    throw new LanewiseError('data', `the plan: ${name}.augmentation: ${reason}`, undefined, {
      cause: error,
    });
  }
  if (after.join('×') !== [C, h, w].join('×'))
    refuse(`${name}.augmentation`, after, `transforms that make ${[C, h, w].join('×')}`);
}

/** Checks the leaves and results that programs and threads share. */
export function checkIo({ io, mixup }: RunPlan, most: number): void {
  const { leaves, batchBytes, resultBytes } = io;
  for (const [leaf, at] of leaves) within(`io.leaves '${leaf}'`, at, 0, batchBytes);
  within('io.randomness', io.randomness, 16, batchBytes);
  within('io.loss', io.loss, STEP_FIGURES * 4, resultBytes);
  for (const name of ['hits', 'answers', 'counting'] as const)
    within(`io.${name}`, io[name], 4, resultBytes);
  for (const name of ['losses', 'shares', 'scores'] as const)
    within(`io.${name}`, io[name], 0, resultBytes);
  if (!mixup) return;
  for (const leaf of [SHARE, REST])
    within(`io.leaves '${leaf}'`, leaves.get(leaf)!, most * 4, batchBytes);
}

/** The largest number of samples that any program takes. */
export const mostSamples = ({ steps, evaluations }: RunPlan): number =>
  Math.max(
    1,
    ...Object.values(steps).flatMap(({ programs }) => Object.keys(programs).map(Number)),
    ...Object.keys(evaluations).map(Number),
  );

/** Checks that all buffers of all calls lie in their segments. */
export function checkPrograms(plan: RunPlan, shares: Shares): void {
  for (const [size, { programs }] of Object.entries(plan.steps))
    for (const [count, program] of Object.entries(programs))
      checkProgram(program, shares, `steps.${size}.${count}`);
  for (const [size, program] of Object.entries(plan.evaluations))
    checkProgram(program, shares, `evaluations.${size}`);
  const { sums = [], updates = [] } = plan.update ?? {};
  for (const [name, lists] of Object.entries({ sums, updates }))
    lists.forEach((calls, i) => checkCalls(calls, shares, `update.${name}[${i}]`));
}

function checkProgram(program: Program, shares: Shares, name: string): void {
  const { activationBytes, workspaceBytes, updatesFrom, calls } = program;
  atMost(`${name}.activationBytes`, activationBytes, shares.activations);
  atMost(`${name}.workspaceBytes`, workspaceBytes, shares.workspace);
  if (updatesFrom !== undefined) refuse(`${name}.updatesFrom`, updatesFrom, 'none');
  checkCalls(calls, shares, `${name}.calls`);
}

/** Rows are of programs that score; in training, attention also goes the other way. */
function rowOf(
  rows: ReturnType<typeof kernelRows>,
  kernel: KernelCall['kernel'],
  operands: KernelCall['operands'],
): string {
  const row = rows[kernel];
  const isTransposed = kernel === 'attentionProduct' && operands[6] === 1;
  if (!isTransposed) return row;
  return row
    .replace('transposed<0', 'transposed<1')
    .replace('x=N.S.heads.d y>N.T.heads.d', 'x=N.T.heads.d y>N.S.heads.d');
}

function checkCalls(calls: readonly KernelCall[], shares: Shares, name: string): void {
  const rows = kernelRows();
  calls.forEach(({ kernel, operands }, i) => {
    const words = rowOf(rows, kernel, operands).split(' ');
    const at = `${name}[${i}]`;
    if (operands.length !== words.length)
      refuse(`${at}.operands`, operands.length, `${words.length} of ${kernel}`);
    buffersOf(words, operands, shares, (word, j) =>
      refuse(`${at}.operands[${j}]`, operands[j], `${word} of ${kernel} within its segment`),
    );
    if (!fits(kernel, scalarsOf(words, operands)))
      refuse(`${at}.operands`, operands, `extents of ${kernel} that go together`);
  });
}
