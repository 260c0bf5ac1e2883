/** A net that loses by int8 gains it back by training with the roundings, whose validation is what int8 then gives. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { calibrate, quantize, readCalibration } from '../../src/quantize/index.js';
import { train } from '../../src/train/train.js';

const net = sequential(
  {
    c1: conv2d(1, 6, 5, { stride: 2 }),
    r1: relu(),
    c2: conv2d(6, 8, 5, { stride: 2 }),
    r2: relu(),
    flat: flatten(),
    out: linear(128, 10),
  },
  { input: [1, 28, 28] },
);

const data = digits({ count: 2000 });
const held = digits({ count: 1000, first: 1_000_000 });
const settings = { data, validation: held, epochs: 4, numerics: 'strict', workers: 0 } as const;

/** How much wider ranges are than the values, as some values far from all others make them. */
const WIDER = 40;

test('accuracy that too wide ranges cost comes back, and is that of the validation', async () => {
  const { model } = await train(net, { ...settings, optimizer: adam({ lr: 0.005 }) });
  const found = await calibrate(model, data);
  const widened = Object.entries(found.ranges).map(([name, { scale, zero }]) => [
    name,
    { scale: WIDER * scale, zero },
  ]);
  const calibration = readCalibration({ ...found, ranges: Object.fromEntries(widened) });
  const int8 = async (trained: typeof model) =>
    (await (await quantize(trained, data, { calibration })).evaluate(held)).accuracy;
  const { accuracy: float } = await model.evaluate(held);
  const before = await int8(model);
  const tuned = await train(net, {
    ...settings,
    weights: model.weights,
    quantization: calibration,
    optimizer: adam({ lr: 0.002 }),
    epochs: 3,
  });
  const after = await int8(tuned.model);
  const said = tuned.history.at(-1)!.valAccuracy!;
  const figures = JSON.stringify({ float, before, after, said });
  assert.ok(float - before > 0.03, `nothing was lost: ${figures}`);
  assert.ok(after - before > 0.6 * (float - before), figures);
  // A sum may round otherwise in floats.
  assert.ok(Math.abs(after - said) <= 0.003, figures);
});

test.run();
