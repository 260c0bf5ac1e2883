/** `fit` is read event by event, or awaited: both run once. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits, fit, linear, flatten, sequential } from '../../src/index.js';
import { LanewiseError } from '../../src/errors.js';

const model = sequential([flatten(), linear(784, 10)], { input: [1, 28, 28] });
const settings = {
  data: digits({ count: 64 }),
  optimizer: 'adam',
  epochs: 2,
  workers: 0,
  numerics: 'strict',
} as const;

test('await fit(…) trains, to the weights that its events lead to', async () => {
  const run = fit(model, settings);
  const result = await run;
  assert.is(result.history.length, 2);
  assert.is(await run, result, 'awaited again it is the same result');

  const kinds: string[] = [];
  const read = fit(model, settings);
  for await (const event of read) kinds.push(event.kind);
  assert.is(kinds.filter((kind) => kind === 'epoch').length, 2);
  assert.is(kinds.at(-1), 'done');
  const after = await read;
  assert.is(await after.model.sha256(), await result.model.sha256());
});

test('awaiting a run that was left says so', async () => {
  const run = fit(model, settings);
  for await (const _ of run) break;
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as Error).message, /the run was left before its end/);
    return;
  }
  assert.unreachable();
});

test('what is refused is refused to who awaits', async () => {
  try {
    await fit(model, { ...settings, optimizer: 'sgd' as never });
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.match((error as LanewiseError).hint!, /write sgd\(\{ lr: 0\.1 \}\)/);
    return;
  }
  assert.unreachable();
});

test.run();
