/** Graphs with fake quantisation: their values are those of a definition in double precision. */
import { test } from 'uvu';
import { sizeOf } from '../../src/graph/tensor.js';
import * as L from '../../src/layers/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { quantizedGraph, type PlaceRange } from '../../src/quantize/quantized-graph.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose } from '../support/golden.js';
import { createDraw, numbers } from '../support/numbers.js';
import * as reference from '../reference/ops.js';

/** scale·(byte − zero) of a value. */
function rounded(x: number, { scale, zero }: PlaceRange, low = 0) {
  const q = Math.round(Math.fround(x * Math.fround(1 / Math.fround(scale)))) + zero;
  return scale * (Math.min(Math.max(q, low), 127) - zero);
}

/** Weights in 255 steps a row. */
function roundedRows(w: Float32Array, rows: number): number[] {
  const n = w.length / rows;
  return Array.from(w, (x, i) => {
    const row = w.slice(Math.floor(i / n) * n, (Math.floor(i / n) + 1) * n);
    const scale = row.reduce((a, b) => Math.max(a, Math.abs(b)), 0) / 127;
    return scale * Math.round(x / scale);
  });
}

for (const numerics of availableNumerics) {
  test(`weights and values (${numerics}) are rounded where a calibration says so`, async () => {
    const draw = createDraw(5);
    for (let i = 0; i < 20; i++) {
      const [C, O, H] = [draw(1, 3), draw(1, 5), draw(3, 6)];
      const isLooked = draw(0, 1) === 1;
      const layers = {
        c: L.conv2d(C, O, 3),
        r: isLooked ? L.tanh() : L.relu(),
        f: L.flatten(),
        d: L.linear(O * (H - 2) ** 2, 4),
      };
      const graph = L.sequential(layers, { input: [C, H, H] }).graph(2, 'training');
      const ranges = {
        input: { scale: 1 / draw(40, 90), zero: draw(40, 80) },
        c: { scale: 1 / draw(40, 90), zero: isLooked ? 64 : 0 },
        'c.inner': { scale: 1 / 32, zero: 0 },
      };
      const { outputs } = quantizedGraph(graph, { ranges, float: [] });
      const [x] = graph.inputs.values();
      const feeds = new Map(
        [x!, ...graph.parameters.values()].map((t, e) => [t, numbers(sizeOf(t.shape), 9 * i + e)]),
      );
      const [found] = await evaluate([...outputs.values()], feeds, { numerics });
      const [values, w, b, w2, b2] = [...feeds.values()];
      const sums = reference.conv2d(
        Array.from(values!, (one) => rounded(one, ranges.input)),
        roundedRows(w!, O),
        b!,
        { N: 2, C, H, W: H },
        O,
        { kernel: [3, 3], stride: [1, 1], padding: [0, 0] },
      );
      const bytes = sums.map((one) =>
        isLooked
          ? rounded(Math.tanh(rounded(one, ranges['c.inner'], -128)), ranges.c)
          : rounded(Math.max(one, 0), ranges.c),
      );
      const expected = reference.linear(bytes, roundedRows(w2!, 4), b2!, 2, bytes.length / 2, 4);
      assertClose(found!, expected, 1e-5, JSON.stringify({ C, O, H, ranges }));
    }
  });
}

test.run();
