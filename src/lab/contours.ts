/** Lines of equal value by marching squares (Lorensen & Cline 1987, in two dimensions). */
import type { Numbers } from './picture-data.js';

/** A piece of a line, in columns and rows. */
export type Piece = readonly [x0: number, y0: number, x1: number, y1: number];

/** The pieces on which values on a grid, row by row, are `level`. */
export function contourOf(values: Numbers, rows: number, columns: number, level: number): Piece[] {
  const pieces: Piece[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      // The corners, around.
      const corners = [
        [column, row, values[at]!],
        [column + 1, row, values[at + 1]!],
        [column + 1, row + 1, values[at + columns + 1]!],
        [column, row + 1, values[at + columns]!],
      ] as const;
      if (corners.some(([, , value]) => !Number.isFinite(value))) continue;
      const crossed = corners.flatMap(([x, y, value], i) => {
        const [x1, y1, next] = corners[(i + 1) % 4]!;
        if (value < level === next < level) return [];
        const share = (level - value) / (next - value);
        return [[x + (x1 - x) * share, y + (y1 - y) * share] as const];
      });
      for (let i = 0; i + 1 < crossed.length; i += 2)
        pieces.push([...crossed[i]!, ...crossed[i + 1]!]);
    }
  }
  return pieces;
}
