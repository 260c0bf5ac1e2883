/** Models in Keras' layouts answer as they did where they were made (test/golden/make_keras.py). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { LanewiseError } from '../../src/base/errors.js';
import { readTensors } from '../../src/formats/tensor-file.js';
import { openArchive } from '../../src/import/archive.js';
import { readKeras } from '../../src/import/index.js';
import { decodeWeights } from '../../src/trained/weights-file.js';
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

test('files are files of weights, for a model of the same names', async () => {
  const { model, weights } = readKeras(bytesOf('conv.keras'));
  for (const file of ['conv.keras', 'conv.h5']) {
    const loaded = decodeWeights(model, bytesOf(file), file);
    assert.equal([...loaded.weights], [...weights]);
    assert.match(loaded.notes.join('\n'), /channels first/);
  }
  const { tensors, notes } = readTensors(bytesOf('conv.weights.h5'), 'conv.weights.h5');
  assert.equal([...tensors.keys()].toSorted(), [...weights.keys()].toSorted());
  for (const [name, { shape, data }] of tensors) {
    const { shape: expected } = model.parameters.find((one) => one.name === name)!;
    assert.equal(shape, expected, name);
    // The rows of the first Dense stand in the order height × width × channels.
    if (name !== 'dense_Dense5.weight') assert.equal(data, weights.get(name), name);
  }
  assert.match(notes!.join('\n'), /height × width × channels/);
});

test('weights alone have the names and layouts of recurrent layers', () => {
  const inputs = { input_layer: [6, 4] };
  const { weights } = readKeras(bytesOf('recurrent.keras'), { inputs });
  const whole = openArchive(bytesOf('recurrent.keras'), 'a').read('model.weights.h5');
  for (const bytes of [whole, withoutDescription(bytesOf('recurrent.h5'))]) {
    const { tensors } = readTensors(bytes, 'a.weights.h5');
    assert.equal([...tensors.keys()].toSorted(), [...weights.keys()].toSorted());
    for (const [name, { data }] of tensors) assert.equal(data, weights.get(name), name);
  }
});

test('weights of a layer that TimeDistributed wraps bear the name of the wrapper', () => {
  const { weights } = readKeras(bytesOf('steps.keras'));
  const whole = openArchive(bytesOf('steps.keras'), 'a').read('model.weights.h5');
  const { tensors } = readTensors(whole, 'a.weights.h5');
  assert.equal([...tensors.keys()].toSorted(), [...weights.keys()].toSorted());
  for (const [name, { data }] of tensors) assert.equal(data, weights.get(name), name);
});

/** The file as one of weights: its description has another name. */
function withoutDescription(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write('nodel_config', copy.indexOf('model_config'));
  return copy;
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
