/** The lab of Go: its small form has the same hash with any number of threads. */
// slow: starts threads
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('games and learning are the same with any number of threads', async () => {
  const settings = { rounds: 2, trials: 1 };
  const [none, two] = [
    await runSmall('go', { settings, workers: 0 }),
    await runSmall('go', { settings, workers: 2 }),
  ];
  assert.is(none.sha256, two.sha256);
  assert.equal(none.figures, two.figures);
  const other = await runSmall('go', { settings: { ...settings, seed: 2 }, workers: 0 });
  assert.is.not(other.sha256, none.sha256);
  const share = figureOf(none, 'games won against pure search');
  assert.is(
    share,
    (figureOf(none, 'games won as Black') + figureOf(none, 'games won as White')) / 2,
    'every other game is played as Black',
  );
});

test.run();
