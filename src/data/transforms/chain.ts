/**
 * The transforms of a data set one after another, on one sample at a time, between two buffers. Neighbours
 * that only say where to look a pixel up share one resampling (warp.ts).
 */
import { LanewiseError, lookUp } from '../../errors.js';
import { showShape, type Shape } from '../../graph/tensor.js';
import { affinePart, randomAffinePart } from './affine.js';
import type { Draw } from './draw.js';
import { elasticPart } from './elastic.js';
import type { Apply, Bench, ImageShape, Kind, Transform } from './transform.js';
import { canShare, prepareWarp, warpScratch, type Warp, type WarpPart } from './warp.js';

/** What a transform is made of: a part of a resampling, or a kind of its own. */
type Entry = { readonly part: (transform: Transform) => WarpPart } | { readonly kind: Kind<never> };

const entries: Readonly<Record<string, Entry>> = {
  affine: { part: affinePart },
  elastic: { part: elasticPart },
  randomAffine: { part: randomAffinePart },
};

/** Several transforms as one: shapes, scratch and streams counted. */
interface Stage {
  readonly from: ImageShape;
  readonly to: ImageShape;
  /** Floats. */
  readonly scratch: number;
  prepare(bench: Bench): Apply;
}

/** A list of transforms for samples of one shape. */
export interface Chain {
  /** Of the result. */
  readonly shape: ImageShape;
  /** Floats of memory that the chain needs, buffers and scratch. */
  readonly floats: number;
  /** The transforms of the sample at the start of a worker’s memory for them; the result’s address is returned. */
  prepare(bench: Bench): (draw: Draw) => number;
}

/**
 * Plans `transforms` for samples of `shape`.
 * @throws LanewiseError kind 'argument' for what is no transform, 'data' for shapes that do not fit.
 */
export function planChain(transforms: readonly Transform[], shape: Shape): Chain {
  const stages = planStages(transforms, imageShape(shape));
  const sizes = [imageShape(shape), ...stages.map(({ to }) => to)].map(([C, h, w]) => C * h * w);
  const buffer = wholeLines(Math.max(...sizes));
  const starts: number[] = [];
  let end = 2 * buffer;
  for (const { scratch } of stages) {
    starts.push(end);
    end += wholeLines(scratch);
  }
  return {
    shape: stages.at(-1)?.to ?? imageShape(shape),
    floats: end,
    prepare(bench) {
      const applies = stages.map((stage, i) =>
        stage.prepare({ ...bench, at: bench.at + starts[i]! * 4 }),
      );
      const [first, second] = [bench.at, bench.at + buffer * 4];
      return (draw) => {
        let at = first;
        for (const apply of applies) at = apply(at, at === first ? second : first, draw);
        return at;
      };
    },
  };
}

/** The shape of samples of `shape` after `transforms`. */
export const shapeAfter = (transforms: readonly Transform[], shape: Shape): ImageShape =>
  planChain(transforms, shape).shape;

/** Buffers begin at cache lines. */
const wholeLines = (count: number): number => Math.ceil(count / 16) * 16;

/** @throws LanewiseError kind 'data' for samples that are no images. */
function imageShape(shape: Shape): ImageShape {
  if (shape.length === 3) return shape as unknown as ImageShape;
  throw new LanewiseError(
    'data',
    `transforms of samples of ${showShape(shape)}, expected channels × height × width`,
  );
}

function planStages(transforms: readonly Transform[], first: ImageShape): Stage[] {
  const stages: Stage[] = [];
  let shape = first;
  let warp: { parts: { part: WarpPart; stream: number }[] } | undefined;
  transforms.forEach((transform, stream) => {
    const entry = entryOf(transform);
    if ('part' in entry) {
      const part = entry.part(transform);
      if (warp && canShare(warp.parts, part)) {
        warp.parts.push({ part, stream });
        return;
      }
      warp = { parts: [{ part, stream }] };
      stages.push(warpStage(warp, shape));
      return;
    }
    warp = undefined;
    const kind = entry.kind as Kind<unknown>;
    const { settings } = transform;
    const [from, to] = [shape, kind.shape(settings, shape)];
    stages.push({
      from,
      to,
      scratch: kind.scratch(settings, from),
      prepare: (bench) => kind.prepare(settings, from, bench, stream),
    });
    shape = to;
  });
  return stages;
}

/** Its parts may still grow: it is asked for scratch when the list is complete. */
const warpStage = (warp: Warp, shape: ImageShape): Stage => ({
  from: shape,
  to: shape,
  get scratch() {
    return warpScratch(warp, shape);
  },
  prepare: (bench) => prepareWarp(warp, shape, bench),
});

/** @throws LanewiseError kind 'argument' for what no constructor made. */
function entryOf(transform: unknown): Entry {
  const { kind } = (transform ?? {}) as { kind?: unknown };
  if (typeof kind === 'string') return lookUp('transform', entries, kind);
  throw new LanewiseError(
    'argument',
    `a transform is ${String(transform)}, expected one made by randomAffine, elastic, …`,
  );
}
