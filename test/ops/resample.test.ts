/** Upsampling and pixel shuffle: random configurations against the definition, and PyTorch's values. */
// slow: many shapes against a definition in doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { pixelShuffle, upsample, type Resampling } from '../reference/pooling.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Four = [number, number, number, number];
type Two = [number, number];

const kinds: readonly Resampling[] = ['nearest', 'bilinear', 'corners'];
const optionsOf = (kind: Resampling) =>
  ({ mode: kind === 'nearest' ? kind : 'bilinear', alignCorners: kind === 'corners' }) as const;

for (const numerics of availableNumerics) {
  test(`210 random resamplings (${numerics}), values and gradients`, async () => {
    const draw = createDraw(31);
    for (let i = 0; i < 210; i++) {
      const kind = kinds[i % 3]!;
      const x: Four = [draw(1, 2), draw(1, 2), draw(1, 7), draw(1, 7)];
      const bySize = draw(0, 1) === 1;
      // Quarters from ½ to 3¾, whole ones among them; a size of at least 1.
      const scales = [2, 3].map((axis) => Math.max(draw(2, 15) / 4, 1 / x[axis]!)) as Two;
      const size: Two = bySize
        ? [draw(1, 15), draw(1, 15)]
        : [Math.floor(x[2] * scales[0]), Math.floor(x[3] * scales[1])];
      await checkOp({
        what: `${kind} ${JSON.stringify({ x, scales, size, bySize })}`,
        shapes: [x],
        seed: 30 + i,
        numerics,
        op: (t) =>
          ops.upsample2d(t!, { ...(bySize ? { size } : { scale: scales }), ...optionsOf(kind) }),
        definition: (v) =>
          upsample(v!, [x[0] * x[1], x[2], x[3]], size, kind, bySize ? undefined : scales),
      });
    }
  });

  test(`pixels from channels and back (${numerics}), values and gradients`, async () => {
    for (const [i, [N, C, H, W, r]] of (
      [
        [1, 1, 1, 1, 1],
        [2, 3, 2, 5, 2],
        [1, 2, 3, 1, 3],
        [1, 1, 4, 9, 2],
      ] as const
    ).entries()) {
      const small: Four = [N, C * r * r, H, W];
      const what = `${small.join('×')} by ${r}`;
      const at = { seed: 60 + i, numerics };
      await checkOp({
        ...at,
        what,
        shapes: [small],
        op: (x) => ops.pixelShuffle(x!, r),
        definition: (x) => pixelShuffle(x!, [N, C, H, W], r),
      });
      // The definition the other way round: where pixelShuffle puts element k, take element k from there.
      const places = pixelShuffle([...Array(sizeOf(small)).keys()], [N, C, H, W], r);
      await checkOp({
        ...at,
        what: `${what}, backwards`,
        shapes: [[N, C, H * r, W * r]],
        op: (x) => ops.pixelUnshuffle(x!, r),
        definition: (x) => {
          const y = new Float64Array(x!.length);
          places.forEach((from, to) => (y[from] = x![to]!));
          return y;
        },
      });
    }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case extends ops.UpsampleOptions {
      op: 'upsample' | 'shuffle' | 'unshuffle';
      x: Four;
      r: number;
      seed: number;
      y: string;
      yShape: number[];
      gradients: { x: string };
    }
    for (const golden of loadGolden<Case>('resampling')) {
      const what = JSON.stringify({ ...golden, y: undefined, gradients: undefined });
      const x = input('x', golden.x);
      const { scale, size, mode, alignCorners, r, seed } = golden;
      const all = {
        upsample: () => ops.upsample2d(x, { scale, size, mode, alignCorners }),
        shuffle: () => ops.pixelShuffle(x, r),
        unshuffle: () => ops.pixelUnshuffle(x, r),
      };
      const y = all[golden.op]();
      assert.equal(y.shape, golden.yShape, what);
      const feeds = new Map([[x, numbers(sizeOf(x.shape), seed)]]);
      const target = numbers(sizeOf(y.shape), seed + 1);
      const { value, found } = await valueAndGradients(y, [x], feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-5, `${what}: y`);
      assertClose(found[0]!, unpack(golden.gradients.x), 1e-5, `${what}: gradient`);
    }
  });
}

test('a whole factor repeats each pixel exactly, at every size', async () => {
  for (const factor of [3, 7, 41]) {
    const x = input('x', [1, 1, 1, 50]);
    const values = numbers(50, factor);
    const y = ops.upsample2d(x, { scale: [1, factor] });
    const target = new Float32Array(50 * factor);
    const { value } = await valueAndGradients(y, [x], new Map([[x, values]]), target, 'strict');
    assert.ok(
      value.every((v, i) => v === values[Math.floor(i / factor)]),
      `factor ${factor}`,
    );
  }
});

test('what does not fit is refused', () => {
  const x = input('x', [1, 6, 4, 3]);
  refuses(() => ops.upsample2d(x, {}), /upsample2d: expected either a scale or a size/);
  refuses(
    () => ops.upsample2d(x, { scale: 0.3 }),
    /upsample2d: size is 1×0, expected whole numbers of at least 1/,
  );
  refuses(
    () => ops.upsample2d(x, { scale: 2, alignCorners: true }),
    /upsample2d: alignCorners is for mode bilinear, the mode is nearest/,
  );
  refuses(
    () => ops.upsample2d(input('x', [4, 3]), { scale: 2 }),
    /upsample2d: expected an input of N×C×H×W, found 4×3/,
  );
  refuses(
    () => ops.pixelShuffle(x, 2),
    /pixelShuffle: expected channels that 2² = 4 divides, found 1×6×4×3/,
  );
  refuses(
    () => ops.pixelUnshuffle(x, 2),
    /pixelUnshuffle: expected sides that 2 divides, found 1×6×4×3/,
  );
  refuses(() => ops.pixelShuffle(x, 0), /pixelShuffle: r is 0, expected a whole number/);
});

test.run();
