/**
 * Resampling by consecutive affine maps and an elastic distortion as one look-up per pixel. The image is thus not
 * blurred several times. A result's pixel at p is the source's at A₁·A₂·…·(p + d(p)).
 */
import type { Draw } from './draw.js';
import { pixelStream } from './draw.js';
import type { Apply, Bench, ImageShape } from './transform.js';

/** The map (x, y) → (m0·x + m1·y + m2, m3·x + m4·y + m5) from a result's pixel to the source's. */
export type AffineMap = readonly [number, number, number, number, number, number];

/** One transform's contribution to a resampling. */
export interface WarpPart {
  /** The value where the source has no pixel. */
  readonly fill: number;
  /** The map of a sample of this shape. */
  map?(draw: Draw, shape: ImageShape): AffineMap;
  /** The displacement field's noise amplitude and its smoothing. */
  readonly field?: { readonly alpha: number; readonly weights: Float32Array };
}

/** The parts of one resampling, in order, and their streams. */
export type WarpParts = readonly { readonly part: WarpPart; readonly stream: number }[];

/** Whether `next` can share a resampling with those before: a field must come where coordinates are the result's. */
export function canShare(warp: WarpParts, next: WarpPart): boolean {
  const last = warp.at(-1)?.part;
  return last !== undefined && !last.field && last.fill === next.fill;
}

/** outer∘inner: `inner` is applied to a place first. */
export const compose = (outer: AffineMap, inner: AffineMap): AffineMap => {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [
    a * g + b * j,
    a * h + b * k,
    a * i + b * l + c,
    d * g + e * j,
    d * h + e * k,
    d * i + e * l + f,
  ];
};

const IDENTITY: AffineMap = [1, 0, 0, 0, 1, 0];
const MAP_FLOATS = 8;
const wholeVectors = (width: number) => Math.ceil(width / 4) * 4;

/** Offsets in floats of the map, the framed image, the weights, the field, and its scratch. */
function places(warp: WarpParts, [C, h, w]: ImageShape) {
  const weights = fieldOf(warp)?.weights.length ?? 0;
  const width = wholeVectors(w);
  const frame = MAP_FLOATS;
  const firstWeight = frame + wholeVectors(C * (h + 3) * (w + 3));
  const field = firstWeight + wholeVectors(weights);
  const smoothing = field + (weights ? 2 * h * width : 0);
  const radius = weights - 1;
  const end = smoothing + (weights ? width + 8 + 2 * radius + (h + 2 * radius) * width : 0);
  return { frame, firstWeight, field, smoothing, end };
}

const fieldOf = (warp: WarpParts) => warp.at(-1)!.part.field;

export const warpScratch = (warp: WarpParts, shape: ImageShape): number =>
  wholeVectors(places(warp, shape).end);

export function prepareWarp(warp: WarpParts, shape: ImageShape, bench: Bench): Apply {
  const { kernels, floats, at } = bench;
  const [C, h, w] = shape;
  const { frame, firstWeight, field, smoothing } = places(warp, shape);
  const elastic = fieldOf(warp);
  if (elastic) floats.set(elastic.weights, at / 4 + firstWeight);
  const { fill } = warp[0]!.part;
  const { stream: fieldStream } = warp.at(-1)!;
  const address = (offset: number) => at + offset * 4;
  return (from, to, draw) => {
    let map = IDENTITY;
    for (const { part, stream } of warp) {
      draw.begin(stream);
      // The second transform looks at the first one's result.
      if (part.map) map = compose(map, part.map(draw, shape));
    }
    floats.set(map, at / 4);
    if (elastic) {
      const { key0, key1, place, step } = draw.at;
      kernels.elasticField(
        h,
        w,
        address(firstWeight),
        elastic.weights.length - 1,
        elastic.alpha,
        key0,
        key1,
        place,
        step,
        pixelStream(fieldStream),
        address(smoothing),
        address(field),
      );
    }
    const displacement = elastic ? address(field) : 0;
    kernels.warp(C, h, w, from, h, w, at, displacement, fill, address(frame), to);
    return to;
  };
}
