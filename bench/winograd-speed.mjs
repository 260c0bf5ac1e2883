// GFLOP/s of 3×3 convolutions of 16 images, by Winograd's algorithm and without, counted as without.
//   node bench/winograd-speed.mjs        after npm run build
import { timeCalls } from '../dist/src/benchmark/measure.js';
import { FIRST_FREE_BYTE } from '../dist/src/engine/memory.js';
import { defaultNumerics } from '../dist/src/engine/features.js';
import { instantiate, loadModule } from '../dist/src/engine/wasm.js';

const memory = new WebAssembly.Memory({ initial: 4096, maximum: 4096 });
const kernels = instantiate(await loadModule(defaultNumerics(), false), memory);
const numbers = new Float32Array(memory.buffer);

const row = (...cells) => cells.map((cell) => String(cell).padEnd(16)).join('');
console.log(row('', 'forward', '', 'by the input', '', 'by the weights', ''));
console.log(row('', 'Winograd', 'plain', 'Winograd', 'plain', 'Winograd', 'plain'));

for (const [channels, side] of [
  [16, 32],
  [32, 32],
  [64, 16],
  [64, 8],
]) {
  const N = 16;
  const image = N * channels * side * side;
  const [x, y] = [FIRST_FREE_BYTE, FIRST_FREE_BYTE + image * 4];
  const [w, dw] = [y + image * 4, y + image * 4 + channels ** 2 * 36];
  const scratch = dw + channels ** 2 * 36;
  for (let i = x / 4; i < scratch / 4; i++) numbers[i] = Math.sin(i * 1.7);
  const shape = [N, channels, side, side, channels];
  const winograd = [...shape, 1, 1, side, side];
  const plain = [...shape, 3, 3, 1, 1, 1, 1, side, side];
  const flops = 2 * image * channels * 9;
  const speeds = [
    () => kernels.conv2dWinograd(...winograd, 0, x, w, 0, y, 0, scratch, 1, 3, 4),
    () => kernels.conv2d(...plain, x, w, 0, y, 0, scratch),
    () => kernels.conv2dWinograd(...winograd, 1, y, w, 0, x, 0, scratch, 1, 3, 4),
    () => kernels.conv2dInputGradient(...plain, w, y, x, scratch),
    () => kernels.conv2dWinogradWeightGradient(...winograd, x, y, dw, scratch, 1, 3, 4),
    () => kernels.conv2dWeightGradient(...plain, x, y, dw, scratch),
  ].map((call) => (flops / timeCalls(call, 0.5).medianMs / 1e6).toFixed(0));
  console.log(row(`${channels}→${channels}, ${side}×${side}`, ...speeds));
}
