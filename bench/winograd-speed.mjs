// GFLOP/s of convolutions of 16 images, by Winograd's algorithm and without, counted as without.
//   node bench/winograd-speed.mjs        after npm run build
import { timeCalls } from '../dist/src/benchmark/measure.js';
import { FIRST_FREE_BYTE } from '../dist/src/engine/memory.js';
import { defaultNumerics } from '../dist/src/engine/features.js';
import { instantiate, loadModule } from '../dist/src/engine/wasm.js';

const memory = new WebAssembly.Memory({ initial: 4096, maximum: 4096 });
const kernels = instantiate(await loadModule(defaultNumerics(), false), memory);
const numbers = new Float32Array(memory.buffer);

const row = (...cells) =>
  console.log(cells.map((cell, i) => String(cell).padEnd(i ? 11 : 28)).join(''));
row('', 'forward', '', 'by the input', '', 'by the weights');
row('', ...Array.from({ length: 6 }, (_, i) => (i % 2 ? 'plain' : 'Winograd')));

for (const [channels, side, k, tile, groups] of [
  [16, 32, 3, 4, 1],
  [32, 32, 3, 4, 1],
  [64, 16, 3, 4, 1],
  [64, 8, 3, 4, 1],
  [512, 14, 3, 4, 1],
  [256, 14, 3, 4, 2],
  [32, 28, 5, 2, 1],
  [96, 14, 5, 2, 2],
  [64, 2, 3, 2, 1],
  [512, 2, 3, 2, 1],
]) {
  const N = 16;
  const [image, weights] = [N * channels * side * side, (channels ** 2 * k * k) / groups];
  const [x, y] = [FIRST_FREE_BYTE, FIRST_FREE_BYTE + image * 4];
  const [w, dw] = [y + image * 4, y + image * 4 + weights * 4];
  const scratch = dw + weights * 4;
  for (let i = x / 4; i < scratch / 4; i++) numbers[i] = Math.sin(i * 1.7);
  const [shape, pad] = [[N, channels, side, side, channels], (k - 1) / 2];
  const winograd = [...shape, pad, pad, side, side];
  const last = [scratch, groups, k, tile];
  // The kernels for groups, which are told their number and a dilation, are those of one group.
  const plain = [groups, ...shape, k, k, 1, 1, pad, pad, 1, 1, side, side];
  const flops = (2 * image * channels * k * k) / groups;
  const speeds = [
    () => kernels.conv2dWinograd(...winograd, 0, x, w, 0, y, 0, ...last),
    () => kernels.conv2dGrouped(...plain, x, w, 0, y, 0, scratch),
    // The direct kernel alone is used where filters are 5×5.
    k === 3 && (() => kernels.conv2dWinograd(...winograd, 1, y, w, 0, x, 0, ...last)),
    () => kernels.conv2dGroupedInputGradient(...plain, w, y, x, scratch),
    () => kernels.conv2dWinogradWeightGradient(...winograd, x, y, dw, ...last),
    () => kernels.conv2dGroupedWeightGradient(...plain, x, y, dw, scratch),
  ].map((call) => (call ? (flops / timeCalls(call, 0.4).medianMs / 1e6).toFixed(0) : '–'));
  const inGroups = groups > 1 ? ` in ${groups} groups` : '';
  row(`${channels}→${channels}, ${k}×${k}, ${side}×${side}${inGroups}`, ...speeds);
}
