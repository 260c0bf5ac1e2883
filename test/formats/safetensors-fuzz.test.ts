/** Damaged safetensors files are refused, or read as tensors of their shape. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSafetensors } from '../../src/formats/safetensors.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';

const path = new URL('../../../test/golden/safetensors-files.json', import.meta.url);
const golden = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { base64: string }>;

test('damaged files are refused, or read as tensors of their shape', async () => {
  await fuzz(
    Object.values(golden).map(({ base64 }) => Uint8Array.from(Buffer.from(base64, 'base64'))),
    fuzzCount(10_000),
    (bytes) => decodeSafetensors(bytes, 'x'),
    ({ tensors }) => {
      for (const { shape, data } of tensors.values())
        assert.is(
          data.length,
          shape.reduce((a, b) => a * b, 1),
        );
    },
  );
});

test.run();
