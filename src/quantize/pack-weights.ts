/**
 * Weights of int8 in the order in which the kernels on bytes read them (assembly/tile-int8.ts, depthwise-int8.ts).
 */
import { CHANNELS, PANEL, STEP } from '../program/int8-scratch.js';

/** The extents of a convolution's weights; those of a dense layer have kh = kw = 1. */
export interface WeightExtents {
  /** Outputs and inputs of all groups. */
  readonly O: number;
  readonly C: number;
  readonly kh: number;
  readonly kw: number;
  /** Default 1. */
  readonly groups?: number;
  /**
   * Whether each tap is a row of its own, as for convInt8Grouped; default: with groups. Otherwise a row of taps is one, as
   * for convInt8: kw·C bytes that lie side by side in the image.
   */
  readonly apart?: boolean;
}

/** Bytes of packed weights. */
export function packedBytes(extents: WeightExtents): number {
  const { groups, panels, rows, steps } = panelsOf(extents);
  return groups * panels * rows * steps * PANEL * STEP;
}

/** Panels of a group's outputs, and of each its rows of taps, with bytes and steps of a row. */
function panelsOf({ O, C, kh, kw, groups = 1, apart = groups > 1 }: WeightExtents) {
  const columns = apart ? 1 : kw;
  const row = (columns * C) / groups;
  return {
    groups,
    columns,
    row,
    rows: apart ? kh * kw : kh,
    panels: Math.ceil(O / groups / PANEL),
    steps: Math.ceil(row / STEP),
  };
}

/**
 * Packs weights O×(C/groups)×kh×kw, −127 to 127: group by group, panels of four outputs; in a panel, rows of taps; in a row,
 * steps of four bytes (tap column, then channel) of each of the four outputs. Rows and outputs are filled up with zeros.
 */
export function packWeights(weights: Int8Array, extents: WeightExtents): Int8Array<ArrayBuffer> {
  const { C, O, kw, kh } = extents;
  const { groups, columns, row, rows, panels, steps } = panelsOf(extents);
  const [inputs, filters] = [C / groups, O / groups];
  const packed = new Int8Array(packedBytes(extents));
  for (let o = 0; o < O; o++) {
    const [group, i] = [Math.floor(o / filters), o % filters];
    const panel = group * panels + Math.floor(i / PANEL);
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < row; k++) {
        const step = (panel * rows + r) * steps + Math.floor(k / STEP);
        const [tap, c] = [r * columns + Math.floor(k / inputs), k % inputs];
        packed[(step * PANEL + (i % PANEL)) * STEP + (k % STEP)] =
          weights[(o * inputs + c) * kh * kw + tap]!;
      }
    }
  }
  return packed;
}

/** Packs weights C×1×kh×kw of a depthwise convolution: taps × channels, which are filled up to a multiple of 16. */
export function packDepthwise(
  weights: Int8Array,
  { C, kh, kw }: Pick<WeightExtents, 'C' | 'kh' | 'kw'>,
): Int8Array<ArrayBuffer> {
  const pitch = Math.ceil(C / CHANNELS) * CHANNELS;
  const packed = new Int8Array(kh * kw * pitch);
  for (let c = 0; c < C; c++) {
    for (let tap = 0; tap < kh * kw; tap++) packed[tap * pitch + c] = weights[c * kh * kw + tap]!;
  }
  return packed;
}
