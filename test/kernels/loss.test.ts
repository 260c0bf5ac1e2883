/** Losses at the edges: labels that are not classes, and vectors whose squares barely stay finite. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { availableNumerics, createInstance } from './instance.js';

for (const numerics of availableNumerics) {
  test(`a label that is no class reads and writes nothing beside its row (${numerics})`, async () => {
    const { kernels: k, put, reserve, read } = await createInstance(numerics);
    const [n, C] = [3, 2];
    const x = put(Float32Array.of(0.5, -0.5, 1, 2, 0.25, 0.75));
    const dloss = put(Float32Array.of(1, 1, 1));
    for (const wrong of [-1, C, C + 7, -(2 ** 31)]) {
      const labels = put(Int32Array.of(0, wrong, wrong));
      const cases: Record<string, (y: number) => void> = {
        oneHot: (y) => k.oneHot(n, C, labels, y),
        crossEntropy: (y) => k.crossEntropyGradient(n, C, x, labels, dloss, y),
        margins: (y) => k.marginLossesGradient(n, C, x, labels, 1, 1, dloss, y),
        map: (y) => k.mapLossesGradient(n, C, x, labels, 1, dloss, y),
      };
      for (const [name, kernel] of Object.entries(cases)) {
        const [before, y] = [reserve(16), reserve(n * C)];
        kernel(y);
        const guards = [...read(before, 32), ...read(y + n * C * 4, 16)];
        assert.ok(guards.every(Number.isNaN), `${name} of label ${wrong} writes beside its result`);
      }
      const [loss, scratch] = [reserve(n), reserve(C)];
      for (const kernel of [
        () => k.crossEntropy(n, C, x, labels, loss, scratch),
        () => k.marginLosses(n, C, x, labels, 1, 2, loss),
        () => k.mapLosses(n, C, x, labels, 1, loss, scratch),
      ]) {
        kernel();
        assert.equal([...read(loss, n)].map(Number.isNaN), [false, true, true]);
      }
    }
  });

  test(`the cosine of short vectors is that of long ones (${numerics})`, async () => {
    const { kernels: k, put, reserve, read } = await createInstance(numerics);
    for (const scale of [1, 1e-18, 1e-20, 1e15]) {
      const y = put(Float32Array.of(scale, scale, 0, scale, scale));
      const t = put(Float32Array.of(scale, scale, scale, 0, scale));
      const loss = reserve(1);
      k.cosineLosses(1, 5, y, t, loss);
      assert.ok(Math.abs(read(loss, 1)[0]! - 0.25) < 1e-3, `scale ${scale}: ${read(loss, 1)[0]}`);
    }
  });
}

test.run();
