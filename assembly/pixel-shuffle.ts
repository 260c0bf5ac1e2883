/** Sub-pixel rearrangement (Shi et al. 2016): r×r channels become r×r pixels, and back. */
import { floats } from './simd';

/** y[plane, h·r + i, w·r + j] = x[plane·r² + i·r + j, h, w]; x: planes·r² images of H×W, y: planes of H·r×W·r. */
export function pixelShuffle(planes: i32, H: i32, W: i32, r: i32, x: usize, y: usize): void {
  const step = floats(r);
  for (let plane = 0; plane < planes; plane++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < r; i++) {
        for (let j = 0; j < r; j++) {
          const from = x + floats((((plane * r + i) * r + j) * H + h) * W);
          let to = y + floats(j);
          for (let w = 0; w < W; w++) {
            store<f32>(to, load<f32>(from + floats(w)));
            to += step;
          }
        }
        y += floats(W * r);
      }
    }
  }
}

/** y[plane·r² + i·r + j, h, w] = x[plane, h·r + i, w·r + j]: pixelShuffle backwards, H×W the images of y. */
export function pixelUnshuffle(planes: i32, H: i32, W: i32, r: i32, x: usize, y: usize): void {
  const step = floats(r);
  for (let plane = 0; plane < planes; plane++) {
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < r; i++) {
        for (let j = 0; j < r; j++) {
          const to = y + floats((((plane * r + i) * r + j) * H + h) * W);
          let from = x + floats(j);
          for (let w = 0; w < W; w++) {
            store<f32>(to + floats(w), load<f32>(from));
            from += step;
          }
        }
        x += floats(W * r);
      }
    }
  }
}
