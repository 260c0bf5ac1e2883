/** A program split by rows: every row once, and the same bits with any number of workers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planProduct } from '../../src/benchmark/products.js';
import { allocateMemory } from '../../src/engine/memory.js';
import { loadModule } from '../../src/engine/wasm.js';
import { baseOf } from '../../src/feed/layout.js';
import { createThreadPool } from '../../src/crew/worker-pool.js';
import { rowsOf } from '../../src/crew/split-program.js';

test('rows are cut into whole groups, each row once', () => {
  for (const rows of [1, 8, 37, 64, 100, 1024]) {
    for (const workers of [1, 2, 3, 7, 40]) {
      let next = 0;
      for (let rank = 0; rank < workers; rank++) {
        const { from, count } = rowsOf(rows, 8, rank, workers);
        assert.is(from, next);
        assert.ok(from % 8 === 0 || count === 0, `${rows} rows, ${workers} workers, ${from}`);
        next = from + count;
      }
      assert.is(next, rows);
    }
  }
});

/** c of a product computed by `workers` threads. */
async function product(m: number, k: number, n: number, workers: number): Promise<Float32Array> {
  const plan = planProduct(m, k, n, workers);
  const memory = allocateMemory(plan.memory.bytes, true);
  const view = (name: string, count: number) =>
    new Float32Array(memory.buffer, baseOf(plan.memory, name), count);
  view('a', m * k).forEach((_, i, a) => (a[i] = ((i * 7919) % 1009) / 1009 - 0.5));
  view('b', k * n).forEach((_, i, b) => (b[i] = ((i * 104_729) % 2003) / 2003 - 0.5));
  const pool = await createThreadPool(plan, await loadModule('strict', true), memory);
  try {
    await pool.run({ kind: 'repeat', times: 3 });
    return view('c', m * n).slice();
  } finally {
    await pool.close();
  }
}

test('a product has the same bits on 1, 2, 3 and 5 workers, also where some have no rows', async () => {
  for (const [m, k, n] of [
    [37, 300, 19],
    [130, 64, 40],
    [9, 5, 3],
  ] as const) {
    const alone = await product(m, k, n, 1);
    assert.ok(alone.some((value) => value !== 0));
    for (const workers of [2, 3, 5]) {
      assert.equal(await product(m, k, n, workers), alone, `${m}×${k}×${n}, ${workers} workers`);
    }
  }
});

test.run();
