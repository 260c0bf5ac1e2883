/** Every kind of layer survives its file, and impossible settings in a file are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import * as L from '../../src/layers/index.js';
import { layerKinds } from '../../src/layers/registry.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { examples, modelOf, samplesOf, withNumbers } from '../support/layer-examples.js';

const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('there is an example of every kind', () => {
  const shown = new Set(examples.map(([{ kind }]) => kind));
  assert.equal(
    layerKinds().filter((kind) => !shown.has(kind)),
    [],
  );
});

for (const example of examples) {
  const [layer, shape] = example;
  const { kind } = layer;

  test(`${kind} ${JSON.stringify(layer.settings).slice(0, 60)} survives its file`, async () => {
    const model = modelOf(example);
    const trained = withNumbers(model);
    const back = decodeModel(encodeModel(trained), 'm');
    assert.equal(back.model.architecture, throughJson(model.architecture));
    assert.equal(
      back.model.parameters.map(({ name, shape: s, role }) => ({ name, shape: s, role })),
      model.parameters.map(({ name, shape: s, role }) => ({ name, shape: s, role })),
    );
    const samples = samplesOf(model, 2);
    const [found, expected] = await Promise.all([
      back.predict(samples, shape as never),
      trained.predict(samples, shape as never),
    ]);
    assert.equal(found.scores, expected.scores);
  });

  test(`${kind} ${JSON.stringify(layer.settings).slice(0, 60)} refuses settings that cannot be`, () => {
    const { architecture } = modelOf(example);
    for (const changed of mutations(throughJson(architecture.layers[0]!.settings))) {
      const layers = [{ ...architecture.layers[0]!, settings: changed }];
      try {
        L.rebuild(throughJson({ ...architecture, layers }) as L.Architecture);
      } catch (error) {
        if (!(error instanceof LanewiseError)) {
          throw new Error(`${kind} ${JSON.stringify(changed)}`, { cause: error });
        }
        assert.not.match(error.message, /\[object|NaN/);
      }
    }
  });
}

/** Settings with each value, however deep, in turn replaced by what it cannot be, or left out. */
function* mutations(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    const rebuilt = (other: unknown) => {
      if (Array.isArray(value)) return value.with(Number(key), other) as never;
      return { ...value, [key]: other };
    };
    for (const wrong of [undefined, null, -1, 0, 0.5, 1e9, 1e300, 'x', '', true, [], [null], {}])
      yield rebuilt(wrong);
    for (const inner of mutations(below)) yield rebuilt(inner);
  }
}

test('wires that were changed into a cycle are refused', () => {
  const x = L.input([3]);
  const a = L.relu(x);
  const b = L.add(a, x);
  (a.inputs as L.Wire[])[0] = b;
  assert.throws(
    () => L.functional({ inputs: x, outputs: b }),
    (error: Error) => error instanceof LanewiseError && /cycle/.test(error.message),
  );
});

test('an input that a file names and no layer takes is refused', () => {
  const { architecture } = L.sequential([L.relu()], { input: [3] });
  const spare = { shape: [2], mean: 0, deviation: 1 };
  assert.throws(
    () => L.rebuild({ ...architecture, inputs: { ...architecture.inputs, spare } }),
    (error: Error) =>
      error instanceof LanewiseError && /input 'spare' is not used/.test(error.message),
  );
});

test.run();
