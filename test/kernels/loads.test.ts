/** Every spelling of a kernel's loads (assembly/loads.ts) gives the same bits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LOADS } from '../../src/engine/loads.js';
import * as workspace from '../../src/ops/workspace.js';
import { numbers } from '../support/numbers.js';
import { availableNumerics, createInstance, type Instance } from './instance.js';

/** Runs with each spelling, `count` results each. */
function assertSameBits(
  { kernels, reserve, read }: Instance,
  what: string,
  count: number,
  run: (result: number) => void,
): void {
  const [narrow, ...others] = Object.values(LOADS).map((kind) => {
    const result = reserve(count);
    kernels.spellLoads(kind);
    run(result);
    assert.ok(Number.isNaN(read(result, count + 1)[count]), `${what}: writes past the end`);
    return read(result, count);
  });
  assert.ok(narrow!.every(Number.isFinite), `${what}: a result is missing`);
  for (const other of others) {
    assert.equal(new Uint32Array(other.buffer), new Uint32Array(narrow!.buffer), what);
  }
}

for (const numerics of availableNumerics) {
  test(`products (${numerics}) of packed panels, of rows as they lie, and of a last panel alone`, async () => {
    for (const m of [2, 3, 4, 9, 32, 33]) {
      for (const n of [1, 6, 8, 16, 27]) {
        for (const k of [1, 3, 4, 5, 8, 31, 259]) {
          const instance = await createInstance(numerics, 4);
          const { kernels, put, reserve } = instance;
          const [a, b] = [put(numbers(m * k, m + k)), put(numbers(k * n, n))];
          const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
          assertSameBits(instance, `${m}×${n}×${k}`, m * n, (c) =>
            kernels.matmul(0, 1, m, n, k, a, b, 0, c, 0, scratch),
          );
        }
      }
    }
  });
}

test.run();
