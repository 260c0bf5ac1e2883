/** Convolution with dilation, groups and borders, transposed, 1-D and unshared: against PyTorch, and refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import type { Pair } from '../../src/ops/conv2d-extents.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  kind: 'conv2d' | 'convTranspose2d' | 'conv1d' | 'pad2d' | 'locallyConnected2d';
  x: number[];
  w?: number[];
  b?: number[];
  stride: Pair;
  padding: Pair;
  outputPadding: Pair;
  dilation: Pair;
  kernel: Pair;
  groups: number;
  mode: string;
  seed: number;
  y: string;
  yShape: number[];
  gradients: Record<string, string>;
}

/** The case's op, its settings as PyTorch's. */
function applyTo(golden: Case, [x, w, b]: Tensor[]): Tensor {
  const { kind, mode, ...settings } = golden;
  const paddingMode = (mode === 'constant' ? 'zeros' : mode) as ops.PaddingMode;
  if (kind === 'conv2d') return ops.conv2d(x!, w!, b!, { ...settings, paddingMode });
  if (kind === 'convTranspose2d') return ops.convTranspose2d(x!, w!, b!, settings);
  if (kind === 'conv1d') {
    const { stride, padding, dilation, groups } = settings as unknown as ops.Conv1dAttributes;
    return ops.conv1d(x!, w!, b!, { stride, padding, dilation, groups });
  }
  if (kind === 'pad2d') return ops.pad2d(x!, [2, 1, 0, 3], { mode: paddingMode, value: 0.5 });
  return ops.locallyConnected2d(x!, w!, b!, settings);
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('conv-variants')) {
      const { y: values, yShape, gradients, seed, ...configuration } = golden;
      const what = JSON.stringify(configuration);
      const leaves = [golden.x, golden.w, golden.b].flatMap((shape, i) =>
        shape ? [input('xwb'[i]!, shape)] : [],
      );
      const feeds: Feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
      const y = applyTo(golden, leaves);
      assert.equal(y.shape, yShape, what);
      const target = numbers(sizeOf(y.shape), seed + 3);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      // Eight channels of a group under 3×3 or 5×5 are Winograd's, see docs/winograd.md.
      const winograd = golden.x[1]! / (golden.groups ?? 1) >= 8;
      assertClose(value, unpack(values), winograd ? 1e-4 : 1e-5, `${what}: y`);
      // Sums over all places of terms that largely cancel: ten times the rounding error.
      leaves.forEach((_, i) => {
        const name = 'xwb'[i]!;
        assertClose(
          found[i]!,
          unpack(gradients[name]!),
          winograd ? 3e-4 : 1e-4,
          `${what}: gradient by ${name}`,
        );
      });
    }
  });
}

const at = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

test('convolutions that cannot be are refused with the numbers', () => {
  const x = input('x', [2, 8, 6, 7]);
  const w = parameter('w', [6, 8, 3, 3]);
  refuses(
    () => ops.conv2d(x, w, null, { ...at, groups: 3 }),
    /^conv2d: groups 3 do not divide 8 input channels$/,
  );
  refuses(
    () => ops.conv2d(x, w, null, { ...at, groups: 4 }),
    /^conv2d: groups 4 do not divide 6 output channels$/,
  );
  refuses(
    () => ops.conv2d(x, w, null, { ...at, groups: 2 }),
    /conv2d: input 2×8×6×7 \(N×C×H×W\) does not fit weight 6×8×3×3 \(O×C\/2×kh×kw\)/,
  );
  refuses(() => ops.conv2d(x, w, null, { ...at, groups: 0.5 }), /conv2d: groups is 0.5, expected/);
  refuses(
    () => ops.conv2d(x, w, null, { ...at, dilation: [3, 1] }),
    /^conv2d: kernel 3×3 with dilation 3×1 does not fit input 6×7 with padding 0$/,
  );
  refuses(
    () => ops.conv2d(x, w, null, { ...at, dilation: [0, 1] }),
    /conv2d: dilation is 0×1, expected whole numbers of at least 1/,
  );
  refuses(
    () => ops.conv2d(x, w, null, { ...at, padding: [6, 0], paddingMode: 'reflect' }),
    /pad2d: padding 0, 0, 6, 6 .* cannot reflect an input of 6×7/,
  );
  refuses(
    () =>
      ops.conv1d(input('x', [2, 3, 4, 5]), parameter('w', [6, 3, 3]), null, {
        ...at,
        stride: 1,
        padding: 0,
        dilation: 1,
      }),
    /conv1d: input 2×3×4×5 \(N×C×L\) does not fit weight 6×3×3/,
  );
});

test('transposed convolutions that cannot be are refused with the numbers', () => {
  const x = input('x', [2, 8, 2, 2]);
  const w = parameter('w', [8, 4, 3, 3]);
  const settings = { ...at, outputPadding: [0, 0] } as const;
  refuses(
    () => ops.convTranspose2d(x, parameter('w', [4, 8, 3, 3]), null, settings),
    /convTranspose2d: input 2×8×2×2 \(N×C×H×W\) does not fit weight 4×8×3×3 \(C×O\/groups×kh×kw\)/,
  );
  refuses(
    () => ops.convTranspose2d(x, w, null, { ...settings, groups: 3 }),
    /convTranspose2d: groups 3 do not divide 8 input channels/,
  );
  refuses(
    () => ops.convTranspose2d(x, w, null, { ...settings, outputPadding: [1, 0] }),
    /convTranspose2d: outputPadding 1×0 is not less than stride 1 or dilation 1/,
  );
  refuses(
    () => ops.convTranspose2d(x, w, null, { ...settings, padding: [2, 2] }),
    /convTranspose2d: padding 2 leaves nothing of input 2×2 with kernel 3×3: the output would be 0×0/,
  );
  refuses(
    () => ops.convTranspose2d(x, w, parameter('b', [8]), settings),
    /convTranspose2d: bias has shape 8, expected 4/,
  );
});

test('borders, tables and unshared weights that cannot be are refused', () => {
  const x = input('x', [2, 3, 6, 7]);
  refuses(() => ops.pad2d(input('x', [3, 4]), [1, 1, 1, 1]), /pad2d: expected .* found 3×4/);
  refuses(() => ops.pad2d(x, [1, -1, 1, 1]), /pad2d: padding is 1, -1, 1, 1, expected four whole/);
  const settings = { kernel: [3, 3], stride: [1, 2] } as const;
  refuses(
    () => ops.locallyConnected2d(x, parameter('w', [4, 3, 9, 2]), null, settings),
    /locallyConnected2d: weight has shape 4×3×9×2, input 2×3×6×7 needs 4×3×27×O/,
  );
  refuses(
    () => ops.locallyConnected2d(x, parameter('w', [4, 3, 27, 2]), parameter('b', [2]), settings),
    /locallyConnected2d: bias has shape 2, expected 2×4×3/,
  );
  refuses(
    () => ops.locallyConnected2d(x, parameter('w', [1, 1, 27, 2]), null, { ...at, kernel: [8, 1] }),
    /locallyConnected2d: kernel 8×1 does not fit input 6×7/,
  );
  const table = [[0, 1], [2]];
  refuses(
    () => ops.expandConnections(parameter('w', [4, 3, 3]), { inputs: 3, table }),
    /expandConnections: weight has shape 4×3×3, expected 3×kh×kw for 3 connections/,
  );
  refuses(
    () => ops.expandConnections(parameter('w', [3, 3, 3]), { inputs: 2, table }),
    /expandConnections: output 1 is connected to \[2\], expected different input channels from 0 to 1/,
  );
});

test.run();
