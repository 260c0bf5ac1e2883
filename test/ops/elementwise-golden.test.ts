/** Activations, arithmetic, reductions and layouts: values and gradients are PyTorch’s. */
import { test } from 'uvu';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';

const functions: Readonly<Record<string, (...leaves: Tensor[]) => Tensor>> = {
  leakyRelu: (x) => ops.leakyRelu(x!, 0.2),
  elu: (x) => ops.elu(x!, 1.5),
  selu: (x) => ops.selu(x!),
  gelu: (x) => ops.gelu(x!),
  geluTanh: (x) => ops.gelu(x!, 'tanh'),
  silu: (x) => ops.silu(x!),
  softplus: (x) => ops.softplus(x!),
  hardSigmoid: (x) => ops.hardSigmoid(x!),
  hardSwish: (x) => ops.hardSwish(x!),
  hardTanh: (x) => ops.hardTanh(x!, -0.5, 2),
  clamp: (x) => ops.clamp(x!, -2, 1),
  exp: (x) => ops.exp(x!),
  erf: (x) => ops.erf(x!),
  abs: (x) => ops.abs(x!),
  softmax: (x) => ops.softmax(x!),
  logSoftmax: (x) => ops.logSoftmax(x!),
  prelu: (x, w) => ops.prelu(x!, w!),
  add: (a, b) => ops.add(a!, b!),
  subtract: (a, b) => ops.subtract(a!, b!),
  multiply: (a, b) => ops.multiply(a!, b!),
  divide: (a, b) => ops.divide(a!, b!),
  maximum: (a, b) => ops.maximum(a!, b!),
  minimum: (a, b) => ops.minimum(a!, b!),
  sum: (x) => ops.sum(x!, [0, 2, 3]),
  mean: (x) => ops.mean(x!, [1, 3], true),
  max: (x) => ops.max(x!, [0, 2]),
  permute: (x) => ops.permute(x!, [0, 2, 1, 3]),
  concat: (...parts) => ops.concat(parts, 1),
  slice: (x) => ops.slice(x!, [[1], [], [2, -1]]),
  pad: (x) =>
    ops.pad(
      x!,
      [
        [0, 0],
        [0, 3],
        [2, 1],
      ],
      0.5,
    ),
  batchMatmul: (a, b) => ops.batchMatmul(a!, b!),
};

interface Case {
  kind: string;
  shapes: number[][];
  scale: number;
  seed: number;
  y: string;
  gradients: Record<string, string>;
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const { kind, shapes, scale, seed, y, gradients } of loadGolden<Case>('elementwise')) {
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const feeds = new Map(
        leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i).map((v) => v * scale)]),
      );
      const result = functions[kind]!(...leaves);
      const target = numbers(sizeOf(result.shape), seed + 99);
      const { value, found } = await valueAndGradients(result, leaves, feeds, target, numerics);
      assertClose(value, unpack(y), 1e-5, kind);
      // The terms of GELU’s and SiLU’s gradients cancel where it is 0.
      leaves.forEach((_, i) =>
        assertClose(found[i]!, unpack(gradients[i]!), 1e-4, `${kind}: gradient by leaf ${i}`),
      );
    }
  });
}

test.run();
