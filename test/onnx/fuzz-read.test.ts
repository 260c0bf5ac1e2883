/**
 * Damaged files: each is refused with a LanewiseError, or read to a model of bounded size.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LanewiseError } from '../../src/base/errors.js';
import { readOnnx } from '../../src/onnx/index.js';
import { fuzzCount } from '../support/fuzz.js';
import { createDraw } from '../support/numbers.js';

const folder = fileURLToPath(new URL('../../../test/golden/onnx/', import.meta.url));
const files = [
  'opset-7',
  'opset-9',
  'if',
  'constants',
  'shared',
  'tied',
  'auto-pad-upper',
  'outside',
];
const bytes = files.map((name) => new Uint8Array(readFileSync(`${folder}${name}.onnx`)));
const externalData = { 'outside.data': new Uint8Array(readFileSync(`${folder}outside.data`)) };

const COUNT = fuzzCount(10_000);

type Draw = ReturnType<typeof createDraw>;

/**
 * Up to four bytes or bits changed anywhere, bytes left out, doubled or cut off at the end: gentler than `damaged`, so that many a
 * file gets past its messages.
 */
function mutated(from: Uint8Array, draw: Draw): Uint8Array {
  const at = draw(0, from.length - 1);
  const length = draw(1, 8);
  switch (draw(0, 6)) {
    case 0:
      return from.subarray(0, at);
    case 1:
      return Uint8Array.from([...from.subarray(0, at), ...from.subarray(at + length)]);
    case 2:
      return Uint8Array.from([...from.subarray(0, at + length), ...from.subarray(at)]);
    default: {
      const copy = Uint8Array.from(from);
      for (let n = draw(1, 4); n > 0; n--) {
        const place = draw(0, copy.length - 1);
        copy[place] = draw(0, 1) === 0 ? draw(0, 255) : copy[place]! ^ (1 << draw(0, 7));
      }
      return copy;
    }
  }
}

test(`${COUNT} damaged files are refused by name, or read`, () => {
  const draw = createDraw(16);
  let read = 0;
  for (let i = 0; i < COUNT; i++) {
    const damaged = mutated(bytes[i % bytes.length]!, draw);
    try {
      const { model } = readOnnx(damaged, {
        externalData,
        batch: draw(0, 3) === 0 ? 'none' : 'first',
      });
      assert.ok(model.activationBytes < 2 ** 31);
      read++;
    } catch (error) {
      if (error instanceof LanewiseError && error.message.length < 4000) continue;
      throw new Error(`file ${i} (${files[i % bytes.length]})`, { cause: error });
    }
  }
  // What survives is what changes a number or a name; if nothing or everything did, nothing was tried.
  assert.ok(read > COUNT / 20 && read < COUNT / 2, `${read} of ${COUNT} were read`);
});

test('every truncation of a file is refused', () => {
  const [whole] = bytes as [Uint8Array];
  for (let length = 0; length < whole.length - 40; length++)
    assert.throws(
      () => readOnnx(whole.subarray(0, length)),
      (error: unknown) => error instanceof LanewiseError,
    );
});

test.run();
