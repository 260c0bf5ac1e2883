/** Every architecture of the zoo is rebuilt from its JSON: the same layers, parameters and outputs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rebuild, type Architecture, type Model } from '../../src/layers/index.js';
import * as zoo from '../../src/models/index.js';

const { googLeNetLoss: _, ...makers } = zoo;
const entries = Object.entries(makers) as unknown as [string, (options: object) => Model][];

/** What makers of nets for data of a shape of their own must be told. */
const NEEDED: Readonly<Record<string, object>> = {
  forecaster: { window: 6, horizon: 2, columns: 3, known: 1 },
  tabular: {
    features: 3,
    outputs: 2,
    edges: [
      [0, 1, 2],
      [0, 1],
      [0, 1],
    ],
  },
  textClassifier: { features: 20, classes: 3 },
};

for (const [name, make] of entries) {
  test(`${name} survives its JSON`, () => {
    const isOfText = ['charLstm', 'charRnn', 'gpt'].includes(name);
    const model = make({ ...(isOfText ? { vocabulary: 7 } : NEEDED[name]) });
    const back = rebuild(JSON.parse(JSON.stringify(model.architecture)) as Architecture);
    assert.equal(JSON.stringify(back.architecture), JSON.stringify(model.architecture));
    const specs = ({ parameters }: Model) =>
      parameters.map((spec) => [spec.name, spec.shape, spec.role, spec.momentum]);
    assert.equal(specs(back), specs(model));
    assert.equal([...back.outputs], [...model.outputs]);
  });
}

test.run();
