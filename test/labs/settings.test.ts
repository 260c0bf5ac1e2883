/** A change of one setting of a lab does something, or is refused: here in the cheapest labs, in all by `npm run soak`. */
// slow: runs small labs some forty times
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { effectsOf } from '../support/lab-settings.js';

const CHEAP = [
  'backprop-against-differences',
  'double-descent',
  'dynamical-isometry',
  'super-resolution',
  'vanishing-gradients',
];

for (const name of CHEAP)
  test(`each setting of ${name} has an effect of its own`, async () => {
    const effects = await effectsOf(name);
    const idle = effects.filter(({ effect }) => effect === 'none');
    assert.equal(
      idle.map(({ setting, value }) => `${setting}=${value}`),
      [],
    );
    assert.ok(effects.some(({ effect }) => effect === 'changed'));
  });

test.run();
