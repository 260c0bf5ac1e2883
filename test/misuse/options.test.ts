/**
 * Wrong values of every field that a public function's argument may have, by the package's own declarations: an
 * option that somebody adds is tried without a line here. Each is refused with a LanewiseError, or means something.
 */
// slow: wrong values for every option of the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import { calls, dataSets, noOptions } from './calls.js';
import { declared, fieldsOf, functionsOf, kindsOf, methodsOf, type Type } from './declarations.js';
import { functions, isPlain, outcome } from './functions.js';

/** Wrong-looking values that mean something, and why: by function and field, or by field. */
const RIGHT: Readonly<Record<string, string>> = {
  'ignoreIndex below': "any whole number, such as PyTorch's -100",
  'gain below': 'a weight may be turned round',
  'slope below': "leaky ReLU's may be below 0",
  'negativeSlope below': "PyTorch's may be below 0",
  'mean below': 'a mean may be below 0',
  'axis below': 'counted from the last',
  'elu.alpha below': "PyTorch's may be below 0",
  'hardTanh.minVal below': 'its default',
  'prelu.init below': 'a slope may be below 0',
  'value below': 'what is filled in may be below 0',
  'fill below': 'what is filled in may be below 0',
  'angle below': 'the other way round',
  'missing below': 'it takes the place of a missing number',
  'target below': 'a column counted from the last',
  'earlyStopping object': 'it has defaults',
  'keepBest object': 'it has defaults',
  'checkpoints object': 'it has defaults',
  'tabular.unit object': 'rescale has defaults',
  'lab.runLab.settings object': 'nothing is set otherwise',
  'lab.runLab.small object': 'nothing is set otherwise',
  'lab.runLab.full object': 'nothing is set otherwise',
  'table object': 'csvDataset writes it, and checks it where it is used',
  'origin object': 'split and subset write it, and check it where it is used',
};

/** Arguments whose fields have names of the caller's own. */
const OWN_NAMES = new Set(['block 0', 'defineLayer 1']);

const WRONG: Readonly<Record<string, unknown>> = {
  null: null,
  NaN,
  text: 'nosuch',
  flag: true,
  object: {},
  list: [],
  huge: 1e300,
  below: -1,
};

/** The kinds of wrong values among which one may be right for a type as it is declared. */
function permits(type: Type): readonly string[] {
  return kindsOf(type).flatMap(({ text }) => {
    if (text === 'string') return ['text'];
    if (text === 'boolean') return ['flag'];
    if (text === 'null') return ['null'];
    if (text === 'unknown')
      return ['text', 'flag', 'object', 'list', 'null', 'NaN', 'huge', 'below'];
    if (/\[\]$|^(readonly )?\[|^(Readonly)?Array/.test(text)) return ['list'];
    return /^\{|^Record/.test(text) ? ['object'] : [];
  });
}

const { folder, done } = await declared();
const signatures = new Map([
  ...functionsOf(join(folder, 'index.d.ts')),
  ...functionsOf(join(folder, 'inference', 'index.d.ts'), 'inference.'),
  ...functionsOf(join(folder, 'onnx', 'index.d.ts'), 'onnx.'),
  ...functionsOf(join(folder, 'import', 'index.d.ts'), 'import.'),
  ...functionsOf(join(folder, 'quantize', 'index.d.ts'), 'quantize.'),
  ...functionsOf(join(folder, 'cluster', 'index.d.ts'), 'cluster.'),
  ...functionsOf(join(folder, 'lab', 'index.d.ts'), 'lab.'),
  ...methodsOf(join(folder, 'trained', 'trained-model.d.ts'), 'TrainedModel', 'trained.'),
  ...methodsOf(join(folder, 'trained', 'trained-model.d.ts'), 'Classifier', 'ensemble.'),
  ...methodsOf(join(folder, 'train', 'stepper.d.ts'), 'Stepper', 'stepper.'),
  ...methodsOf(join(folder, 'inference', 'run-program.d.ts'), 'InferenceProgram', 'program.'),
]);

test('every function that can be called is found among the declarations', () => {
  const missing = [...functions.keys()].filter((name) => !signatures.has(name));
  assert.equal(missing, ['LanewiseError']);
});

/** Fields of a function's argument, of all its overloads. */
function argumentFields(name: string, at: number): ReadonlyMap<string, readonly Type[]> {
  const fields = new Map<string, Type[]>();
  for (const types of signatures.get(name) ?? [])
    if (types[at])
      for (const [field, found] of fieldsOf(types[at]))
        fields.set(field, [...(fields.get(field) ?? []), ...found]);
  return fields;
}

let count = 0;
for (const [name, args] of Object.entries(calls)) {
  args.forEach((arg, at) => {
    if (!isPlain(arg) || noOptions.has(arg) || OWN_NAMES.has(`${name} ${at}`)) return;
    if (dataSets.has(arg) && name !== 'checkDataset') return;
    const fields = argumentFields(name, at);
    if (fields.size === 0) return;
    test(`${name} refuses wrong values of ${at}`, async () => {
      const wrong: string[] = [];
      for (const [field, types] of fields) {
        const may = new Set(types.flatMap(permits));
        for (const [kind, value] of Object.entries(WRONG)) {
          if (may.has(kind)) continue;
          const key = `${name}.${field} ${kind}`;
          if (Object.hasOwn(RIGHT, key) || Object.hasOwn(RIGHT, `${field} ${kind}`)) continue;
          count++;
          const found = await outcome(() =>
            functions.get(name)!(...args.with(at, { ...arg, [field]: value })),
          );
          if (found !== 'refused') wrong.push(`${key}: ${found}`);
        }
      }
      assert.equal(wrong, []);
    });
  });
}

/** As CHANGELOG.md says. */
test('there are more than 5,000 of them', () => {
  console.log(`${count} wrong values tried`);
  assert.ok(count > 5000, `${count} calls`);
});

test.after(done);
test.run();
