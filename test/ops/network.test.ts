/** A small net through all layers at once: its loss and every parameter's gradient are PyTorch's. */
import { test } from 'uvu';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Case {
  shapes: Record<string, number[]>;
  labels: number[];
  loss: number;
  gradients: Record<string, string>;
}

for (const numerics of availableNumerics) {
  test(`loss and gradients (${numerics}) of convolutions, both poolings, tanh, relu and a dense layer`, async () => {
    const [golden] = loadGolden<Case>('network');
    const feeds = new Map<Tensor, Float32Array | Int32Array>();
    const p: Record<string, Tensor> = {};
    Object.entries(golden!.shapes).forEach(([name, shape], i) => {
      p[name] = parameter(name, shape);
      feeds.set(
        p[name],
        numbers(sizeOf(shape), 5001 + i).map((v) => v * 0.5),
      );
    });
    const x = input('x', [5, 1, 12, 12]);
    const labels = input('labels', [5], 'i32');
    feeds.set(x, numbers(720, 5100));
    feeds.set(labels, Int32Array.from(golden!.labels));
    const two = { kernel: [2, 2], stride: [2, 2] } as const;
    let h = ops.tanh(ops.conv2d(x, p['c1w']!, p['c1b']!, { stride: [1, 1], padding: [0, 0] }));
    h = ops.relu(
      ops.conv2d(ops.avgPool2d(h, two), p['c2w']!, p['c2b']!, { stride: [1, 1], padding: [1, 1] }),
    );
    h = ops.reshape(ops.maxPool2d(h, two), [5, 16]);
    const loss = ops.weightedSum(
      ops.crossEntropy(ops.linear(h, p['fw']!, p['fb']!), labels),
      1 / 5,
    );
    const names = Object.keys(golden!.shapes);
    const [value, ...found] = await evaluate(
      [
        loss,
        ...gradients(
          loss,
          names.map((name) => p[name]!),
        ),
      ],
      feeds,
      { numerics },
    );
    assertClose(value!, [golden!.loss], 1e-6, 'loss');
    names.forEach((name, i) =>
      assertClose(found[i]!, unpack(golden!.gradients[name]!), 1e-4, name),
    );
  });
}

test.run();
