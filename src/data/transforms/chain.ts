/**
 * The transforms of a data set one after another, on one sample at a time, between two buffers. Neighbours
 * that only say where to look a pixel up share one resampling (warp.ts).
 */
import { LanewiseError, lookUp, show } from '../../errors.js';
import { showShape, sizeOf, type Shape } from '../../graph/tensor.js';
import { affinePart, randomAffinePart } from './affine.js';
import { oneOfKind, randomApplyKind, type List } from './choose.js';
import { grayscaleKind, invertKind, normalizeKind, randomIntensityKind } from './color.js';
import { centerCropKind, cornerCropKind, cropAtKind, randomCropKind } from './crop.js';
import type { Draw } from './draw.js';
import { elasticPart } from './elastic.js';
import { cutoutKind, randomErasingKind } from './erase.js';
import { horizontalFlipKind, verticalFlipKind } from './flip.js';
import { colorJitterKind } from './jitter.js';
import { pcaLightingKind } from './lighting.js';
import { gaussianNoiseKind } from './noise.js';
import { randomResizedCropKind, resizeKindOf } from './resize.js';
import type { Apply, Bench, ImageShape, Kind, Transform } from './transform.js';
import { canShare, prepareWarp, warpScratch, type WarpPart, type WarpParts } from './warp.js';

/** A kind whose settings are of its own constructor's making. */
type AnyKind = Kind<unknown>;
const kind = <S>(value: Kind<S>): AnyKind => value as AnyKind;

/** Kinds that are part of a resampling. */
const parts: Readonly<Record<string, (transform: Transform) => WarpPart>> = {
  affine: affinePart,
  elastic: elasticPart,
  randomAffine: randomAffinePart,
};

/** Plans a list of transform number `stream`: its own are numbered by digits to the base 64. */
const planNested = (transforms: readonly Transform[], shape: ImageShape, stream: number): List =>
  planList(transforms, shape, (stream + 1) * LONGEST);

const kinds: Readonly<Record<string, AnyKind>> = {
  centerCrop: kind(centerCropKind),
  colorJitter: kind(colorJitterKind),
  cornerCrop: kind(cornerCropKind),
  cropAt: kind(cropAtKind),
  cutout: kind(cutoutKind),
  gaussianNoise: kind(gaussianNoiseKind),
  grayscale: kind(grayscaleKind),
  invert: kind(invertKind),
  normalize: kind(normalizeKind),
  oneOf: kind(oneOfKind(planNested)),
  pcaLighting: kind(pcaLightingKind),
  randomApply: kind(randomApplyKind(planNested)),
  randomCrop: kind(randomCropKind),
  randomErasing: kind(randomErasingKind),
  randomHorizontalFlip: kind(horizontalFlipKind),
  randomIntensity: kind(randomIntensityKind),
  randomResizedCrop: kind(randomResizedCropKind),
  randomVerticalFlip: kind(verticalFlipKind),
  resize: kind(resizeKindOf),
};

/** Transforms in a list, at most; a stream's number has 24 bits, room for lists in lists in lists. */
const LONGEST = 64;
const STREAMS = 2 ** 24;

/** Transforms of samples of one shape. */
export interface Chain {
  /** Of the result. */
  readonly shape: ImageShape;
  /** Floats of memory that it needs, the sample's first: it stands there before its transforms. */
  readonly floats: number;
  /** The function that transforms the sample and returns the result's address. */
  prepare(bench: Bench): (draw: Draw) => number;
}

/**
 * Plans `transforms` for samples of `shape`.
 * @throws LanewiseError kind 'argument' for what is no transform, 'data' for shapes that do not fit.
 */
export function planChain(transforms: readonly Transform[], shape: Shape): Chain {
  const list = planList(transforms, imageShape(shape), 0);
  const buffer = wholeLines(list.largest);
  return {
    shape: list.shape,
    floats: 2 * buffer + list.scratch,
    prepare(bench) {
      const [from, to] = [bench.at, bench.at + buffer * 4];
      const apply = list.prepare({ ...bench, at: to + buffer * 4 });
      return (draw) => apply(from, to, draw);
    },
  };
}

/** The shape of samples of `shape` after `transforms`. @throws LanewiseError as `planChain`. */
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

/** @throws LanewiseError kind 'argument' for what is no list, too long, or too deep in other lists. */
function checkLength(transforms: unknown, firstStream: number): void {
  if (!Array.isArray(transforms)) {
    throw new LanewiseError('argument', `transforms are ${show(transforms)}, expected a list`);
  }
  if (transforms.length <= LONGEST && firstStream + LONGEST <= STREAMS) return;
  throw new LanewiseError(
    'argument',
    `a list of ${transforms.length} transforms, expected at most ${LONGEST}, and lists in lists three deep`,
  );
}

/** Each is a list of its own: neighbours that share a resampling are one. */
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
    const name = nameOf(transform);
    const stream = firstStream + i;
    const part = parts[name]?.(transform);
    if (!part || !canShare(warp, part)) endWarp();
    if (part) {
      warp = [...warp, { part, stream }];
      return;
    }
    const stage = kindStage(lookUp('transform', kinds, name), transform, shape, stream);
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

/** @throws LanewiseError kind 'argument' for what no constructor made. */
function nameOf(transform: unknown): string {
  const { kind: name } = (transform ?? {}) as { kind?: unknown };
  if (typeof name === 'string') return name;
  throw new LanewiseError(
    'argument',
    `a transform is ${show(transform)}, expected one made by randomAffine, elastic, …`,
  );
}
