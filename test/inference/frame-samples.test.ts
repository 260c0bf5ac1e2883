/** Samples become inputs by a kernel in programs on bytes: the same bits as in JavaScript. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FIRST_FREE_BYTE } from '../../src/engine/memory.js';
import { instantiateInt8, loadInt8 } from '../../src/engine/int8-kernels.js';
import { sizeOf, type Shape } from '../../src/graph/tensor.js';
import { createFeed } from '../../src/inference/feed.js';
import { frameBy, withStaging } from '../../src/inference/frame-samples.js';
import type { ProgramFile } from '../../src/inference/read.js';
import type { StoredInput } from '../../src/inference/stored.js';
import { int8Builds } from '../kernels/int8-instance.js';

const COUNT = 3;

const cases: readonly [Shape, Shape, Pick<StoredInput, 'mean' | 'deviation'>][] = [
  [[1, 28, 28], [1, 32, 32], { mean: 0.1307, deviation: 0.3081 }],
  [[2, 5, 7], [2, 5, 7], { mean: 0.1, deviation: 0.7 }],
  [[3, 5, 3], [3, 8, 7], { mean: [0.4, 0.5, 0.6], deviation: [0.2, 0.3, 0.4] }],
  [[3, 2, 9], [3, 2, 9], { mean: [0.4, 0.5, 0.6], deviation: 0.3 }],
  [[13], [13], { mean: 0, deviation: 1 }],
  [[13], [13], { mean: Array.from({ length: 13 }, (_, i) => i / 9), deviation: 0.9 }],
  [[4, 3], [4, 3], { mean: 0.2, deviation: 3 }],
];

for (const build of int8Builds) {
  test(`${build} frames samples as JavaScript does, from any sample on`, async () => {
    const module = await loadInt8(build);
    for (const [shape, expected, scale] of cases) {
      const input = { name: 'x', at: 16, shape: expected, ...scale } as StoredInput;
      const size = sizeOf(shape);
      const bytes = Uint8Array.from({ length: COUNT * size }, (_, i) => (i * 7919) % 256);
      const floats = Float32Array.from(bytes, (byte) => (byte - 100) / 77);
      const inputBytes = 16 + (COUNT - 1) * sizeOf(expected) * 4;
      const file = withStaging({ bytes: { batch: inputBytes } } as ProgramFile);
      assert.ok(file.bytes.batch >= 2 * inputBytes);
      for (const values of [bytes, floats]) {
        const [own, kernels] = [2, 2].map(
          (initial) => new WebAssembly.Memory({ initial, maximum: initial }),
        );
        const frame = frameBy(instantiateInt8(module, kernels!), {
          bytes: { batch: inputBytes },
        } as ProgramFile);
        createFeed(input, own!, FIRST_FREE_BYTE)(values, shape).write(1, COUNT - 1);
        createFeed(input, kernels!, FIRST_FREE_BYTE, frame)(values, shape).write(1, COUNT - 1);
        const at = FIRST_FREE_BYTE + input.at;
        const [want, found] = [own!, kernels!].map(
          ({ buffer }) => new Uint32Array(buffer, at, (COUNT - 1) * sizeOf(expected)),
        );
        assert.equal([...found!], [...want!], `${shape.join('×')} in ${expected.join('×')}`);
      }
    }
  });
}

test.run();
