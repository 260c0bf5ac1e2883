/** Strided copies: what cuts a tensor along an axis, and what puts it together. */
import { LANES, floats } from './simd';

/** y[i] = x[i] for rows i of `columns` floats, which stand xPitch and yPitch floats apart. */
export function copyRows(
  rows: i32,
  columns: i32,
  x: usize,
  xPitch: i32,
  y: usize,
  yPitch: i32,
): void {
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j <= columns - LANES; j += LANES) v128.store(y + floats(j), v128.load(x + floats(j)));
    for (; j < columns; j++) store<f32>(y + floats(j), load<f32>(x + floats(j)));
    x += floats(xPitch);
    y += floats(yPitch);
  }
}
