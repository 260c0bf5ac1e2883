/**
 * The chain of a data set's transforms, applied to one sample at a time, between two buffers. Neighbours that only map
 * pixel positions share one resampling (warp.ts).
 */
import { list, refuse } from '../../base/check.js';
import { LanewiseError } from '../../base/errors.js';
import { showShape, sizeOf, type Shape } from '../../graph/tensor.js';
import { createDraw } from './draw.js';
import { kindOf, type AnyKind } from './kinds.js';
import type { Apply, Bench, Chain, ImageShape, Transform } from './transform.js';
import { canShare, prepareWarp, warpScratch, type WarpParts } from './warp.js';

/** A planned list of transforms for samples of one shape. */
interface List {
  readonly shape: ImageShape;
  /** Floats of the largest intermediate sample. */
  readonly largest: number;
  /** Floats of scratch memory. */
  readonly scratch: number;
  readonly prepare: (bench: Bench) => Apply;
}

/** Plans a list nested in transform number `stream`: its own are numbered by digits in base 64. */
export const planNested = (
  transforms: readonly Transform[],
  shape: ImageShape,
  stream: number,
): List => planList(transforms, shape, (stream + 1) * LONGEST);

/** Largest number of transforms in a list; a stream's number has 24 bits, room for lists nested three deep. */
const LONGEST = 64;
const STREAMS = 2 ** 24;

/**
 * Plans `transforms` for samples of `shape`.
 * @throws LanewiseError kind 'argument' for a value that is not a transform, 'data' for shapes that do not fit.
 */
export function planChain(transforms: readonly Transform[], shape: Shape): Chain {
  const list = planList(transforms, imageShape(shape), 0);
  const buffer = wholeLines(list.largest);
  return {
    shape: list.shape,
    floats: 2 * buffer + list.scratch,
    prepare(bench, place) {
      const [from, to] = [bench.at, bench.at + buffer * 4];
      const apply = list.prepare({ ...bench, at: to + buffer * 4 });
      const draw = createDraw(place);
      return () => apply(from, to, draw);
    },
  };
}

/** `planChain` of a caller's arguments, which may be anything; worker threads, whose plans were checked, do without. */
export function planGiven(transforms: readonly Transform[], shape: Shape): Chain {
  list('augment', 'transforms', transforms);
  if (!Array.isArray(shape)) refuse('transforms', 'shape', shape, 'channels × height × width');
  return planChain(transforms, shape);
}

/** The shape of samples of `shape` after `transforms`. @throws LanewiseError as `planChain`. */
export const shapeAfter = (transforms: readonly Transform[], shape: Shape): ImageShape =>
  planGiven(transforms, shape).shape;

/** Buffers begin at cache lines. */
const wholeLines = (count: number): number => Math.ceil(count / 16) * 16;

/** @throws LanewiseError kind 'data' for samples that are not images. */
function imageShape(shape: Shape): ImageShape {
  if (shape.length === 3) return shape as unknown as ImageShape;
  throw new LanewiseError(
    'data',
    `transforms of samples of ${showShape(shape)}, expected channels × height × width`,
  );
}

function planList(transforms: readonly Transform[], shape: ImageShape, firstStream: number): List {
  checkLength(transforms, firstStream);
  const stages = planStages(transforms, shape, firstStream);
  const starts: number[] = [];
  let scratch = 0;
  for (const stage of stages) {
    starts.push(scratch);
    scratch += wholeLines(stage.scratch);
  }
  return {
    shape: stages.at(-1)?.shape ?? shape,
    largest: Math.max(sizeOf(shape), ...stages.map(({ largest }) => largest)),
    scratch,
    prepare(bench) {
      const applies = stages.map((stage, i) =>
        stage.prepare({ ...bench, at: bench.at + starts[i]! * 4 }),
      );
      return (from, to, draw) => {
        let at = from;
        for (const apply of applies) at = apply(at, at === from ? to : from, draw);
        return at;
      };
    },
  };
}

/** @throws LanewiseError kind 'argument' for a list that is too long or nested too deep. */
function checkLength({ length }: readonly unknown[], firstStream: number): void {
  if (length <= LONGEST && firstStream + LONGEST <= STREAMS) return;
  throw new LanewiseError(
    'argument',
    `a list of ${length} transforms, expected at most ${LONGEST}, and lists in lists three deep`,
  );
}

/** Plans each stage as a list: neighbours that share a resampling are one stage. */
function planStages(
  transforms: readonly Transform[],
  first: ImageShape,
  firstStream: number,
): List[] {
  const stages: List[] = [];
  let shape = first;
  let warp: WarpParts = [];
  const endWarp = () => {
    if (warp.length > 0) stages.push(warpStage(warp, shape));
    warp = [];
  };
  transforms.forEach((transform, i) => {
    const kind = kindOf(transform);
    const stream = firstStream + i;
    if ('part' in kind) {
      const part = kind.part(transform);
      if (!canShare(warp, part)) endWarp();
      warp = [...warp, { part, stream }];
      return;
    }
    endWarp();
    const stage = kindStage(kind, transform, shape, stream);
    stages.push(stage);
    ({ shape } = stage);
  });
  endWarp();
  return stages;
}

const warpStage = (warp: WarpParts, shape: ImageShape): List => ({
  shape,
  largest: sizeOf(shape),
  scratch: warpScratch(warp, shape),
  prepare: (bench) => prepareWarp(warp, shape, bench),
});

function kindStage(
  { shape: after, largest, scratch, prepare }: AnyKind,
  { settings }: Transform,
  shape: ImageShape,
  stream: number,
): List {
  const result = after(settings, shape);
  return {
    shape: result,
    largest: Math.max(sizeOf(result), largest?.(settings, shape) ?? 0),
    scratch: scratch(settings, shape),
    prepare: (bench): Apply => prepare(settings, shape, bench, stream),
  };
}
