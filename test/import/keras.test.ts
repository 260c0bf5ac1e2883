/** Models in Keras' layouts answer as they did where they were made (test/golden/make_keras.py). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { LanewiseError } from '../../src/base/errors.js';
import { readKeras } from '../../src/import/index.js';
import { assertAnswers, loadTfjs, readCase, type Answers } from '../support/keras-cases.js';

const folder = new URL('../../../test/golden/keras/', import.meta.url);
const bytesOf = (name: string): Uint8Array => readFileSync(new URL(name, folder));

interface Case extends Partial<Answers> {
  readonly file: string;
  /** The model of tfjs that it is. */
  readonly tfjs?: string;
}

const cases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as Case[];
const isWhole = ({ file }: Case): boolean => !file.includes('.weights.');

for (const one of cases.filter(isWhole)) {
  test(`'${one.file}' answers as its model did`, async () => {
    const given = one.tfjs === undefined ? (one as Answers) : loadTfjs(one.tfjs);
    const open = one.file.endsWith('.h5') ? 'conv_input' : 'input_layer';
    const inputs: Record<string, number[]> = one.tfjs === undefined ? { [open]: [6, 4] } : {};
    const imported = readKeras(bytesOf(one.file), { name: one.file, inputs });
    await assertAnswers(imported, given);
    assert.not.match(imported.warnings.join('\n'), 'belong to no layer');
    if (one.tfjs === undefined) return;
    // The same layers and bits as from tfjs' own files.
    const other = readCase(loadTfjs(one.tfjs));
    assert.equal([...imported.weights], [...other.weights]);
  });
}

const refuses = (call: () => unknown, message: RegExp): void => {
  try {
    call();
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as LanewiseError).message, message);
    return;
  }
  assert.unreachable(`expected ${message}`);
};

test('what is no whole model is refused by name', () => {
  refuses(() => readKeras(bytesOf('conv.weights.h5')), /holds weights alone/);
  refuses(() => readKeras(Uint8Array.of(1, 2, 3)), /neither a \.keras nor an \.h5 file/);
  refuses(() => readKeras(bytesOf('conv.h5').subarray(0, 9000)), /not a whole HDF5 file/);
  refuses(
    () => readKeras(bytesOf('recurrent.h5')),
    /'conv_input' \(InputLayer\): its shape is \[null, null, 4\], expected fixed extents: give one as inputs: \{ 'conv_input': \[…\] \}/,
  );
  refuses(
    () => readKeras(bytesOf('conv.h5'), { inputs: { image: [1] } }),
    /inputs: the file has no input 'image'/,
  );
});

test.run();
