/** NumPy's archives as files of weights. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { linear, sequential } from '../../src/layers/index.js';
import { readTensors } from '../../src/formats/tensor-file.js';
import { decodeWeights } from '../../src/trained/weights-file.js';
import '../../src/import/index.js';
import { zipOf } from '../support/archives.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

const { npz } = JSON.parse(
  readFileSync(new URL('../../../test/golden/npy.json', import.meta.url), 'utf8'),
) as { npz: { x: number[]; y: number[]; stored: string; deflated: string } };
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

/** A float array of NumPy's version 1.0. */
const array = (values: Float32Array, shape: string) => {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from('\u0093NUMPY\u0001\0\u0076\0', 'latin1'),
      Buffer.from(`${header}\n`),
      Buffer.from(values.buffer),
    ]),
  );
};

test('arrays of numpy.savez and savez_compressed are tensors by name', () => {
  for (const kind of ['stored', 'deflated'] as const) {
    const { tensors, integers } = readTensors(bytesOf(npz[kind]), 'a');
    const of = (name: string) => tensors.get(name)?.data ?? integers.get(name)!.read();
    assert.equal(of('x'), Float32Array.from(npz.x));
    assert.equal(of('y'), Float32Array.from(npz.y));
  }
});

test('they are a model’s weights', async () => {
  const model = sequential({ fc: linear(2, 1) }, { input: [2] });
  const file = zipOf({
    'fc.weight.npy': array(Float32Array.of(2, 3), '1, 2'),
    'fc.bias.npy': array(Float32Array.of(-1), '1,'),
  });
  const { weights } = decodeWeights(model, file, 'w.npz');
  assert.equal(weights.get('fc.weight'), Float32Array.of(2, 3));
  const mixed = zipOf({ 'a.npy': array(Float32Array.of(1), '1,'), 'b.txt': Uint8Array.of(1) });
  assert.match(await refusal(() => readTensors(mixed, 'w')), /has 'b\.txt' in it, which is not an/);
});

test('damaged archives are refused, or give arrays of their shapes', () =>
  fuzz(
    [bytesOf(npz.stored), bytesOf(npz.deflated)],
    fuzzCount(10_000),
    (bytes) => readTensors(bytes, 'a'),
    ({ tensors }) => {
      for (const { shape, data } of tensors.values())
        assert.is(
          shape.reduce((a, b) => a * b, 1),
          data.length,
        );
    },
  ));

test.run();
