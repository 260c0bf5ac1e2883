/**
 * Rows of a table picked by indices that come from data. A row that does not exist is never read or written: its place
 * in the result is zero, and it has no gradient.
 */
import { LANES, floats } from './simd';

/** Number of the row that position i selects, or −1 if there is none. */
@inline
function rowAt(indices: usize, i: i32, V: i32): i32 {
  const index = load<i32>(indices + floats(i));
  return <u32>index < <u32>V ? index : -1;
}

/** y[i] = w[indices[i]] for i < count; zero where there is no such row. w: V×D; indices: int32. */
export function embedding(count: i32, V: i32, D: i32, indices: usize, w: usize, y: usize): void {
  for (let i = 0; i < count; i++) {
    const index = rowAt(indices, i, V);
    if (index < 0) memory.fill(y, 0, floats(D));
    else {
      const row = w + <usize>index * floats(D);
      let j = 0;
      for (; j <= D - LANES; j += LANES) v128.store(y + floats(j), v128.load(row + floats(j)));
      for (; j < D; j++) store<f32>(y + floats(j), load<f32>(row + floats(j)));
    }
    y += floats(D);
  }
}

/** dw[v] = Σ dy[i] over the positions i with indices[i] = v, in order; zero for rows that are not selected. */
export function embeddingGradient(
  count: i32,
  V: i32,
  D: i32,
  indices: usize,
  dy: usize,
  dw: usize,
): void {
  memory.fill(dw, 0, <usize>V * floats(D));
  for (let i = 0; i < count; i++) {
    const index = rowAt(indices, i, V);
    if (index >= 0) {
      const row = dw + <usize>index * floats(D);
      let j = 0;
      for (; j <= D - LANES; j += LANES) {
        const at = row + floats(j);
        v128.store(at, f32x4.add(v128.load(at), v128.load(dy + floats(j))));
      }
      for (; j < D; j++) {
        const at = row + floats(j);
        store<f32>(at, load<f32>(at) + load<f32>(dy + floats(j)));
      }
    }
    dy += floats(D);
  }
}
