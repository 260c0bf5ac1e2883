/** `lanewise audit`: what a person is told of a run that is right, and of one that is not. */
// slow: trains, and takes the steps again
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf } from '../../src/cli/audit-command.js';
import { inFolder, lanewise } from './lanewise.js';

const sha256 = 'ab'.repeat(32);
const right = {
  isExact: true,
  from: 400,
  until: 800,
  sha256,
  parts: 0,
  sharedSteps: 0,
  machines: {},
};
const shared = { ...right, parts: 1200, sharedSteps: 400, machines: { 'a.x': 800, 'b.y': 400 } };
const wrong = { step: 1412, shards: [4, 8], machine: 'b.y', sha256, parts: 3, right: 2 } as const;

test('each result is said in full', () => {
  const last = `weights sha256 ${sha256}`;
  assert.equal(linesOf('runs/a', right), [
    'runs/a: steps 401 to 800 are right: the weights are those that this machine computes',
    'no parts were logged: it was trained by one machine, or without checks of parts',
    last,
  ]);
  assert.equal(linesOf('runs/a', shared), [
    'runs/a: steps 401 to 800 are right: all 1,200 parts of 400 steps by 2 machines are right, and the weights are those that this machine computes',
    last,
  ]);
  const [first, second] = linesOf('runs/a', { ...shared, isExact: false, wrong });
  assert.is(
    first,
    'runs/a: step 1,412 is wrong: shards 5 to 8, as machine b.y sent them, are not what this machine computes',
  );
  assert.is(second, 'the other 2 parts of the step: 2 right, 0 wrong');
  const none = linesOf('runs/a', { ...shared, isExact: false, wrong: { ...wrong, right: 0 } });
  assert.match(none[1]!, /^no part of the step is right: the run’s own machine may have begun it/);
  const other = { name: "weights of 'conv1.weight'", at: 12, stored: 0.5, computed: 0.25 };
  assert.equal(linesOf('runs/a', { ...shared, isExact: false, other }), [
    "runs/a: steps 401 to 800: the result is wrong: weights of 'conv1.weight', value 13, is 0.5 in the checkpoint and 0.25 here",
    'all 1,200 parts of 400 steps by 2 machines are right: what the run’s own machine computed or stored is not what this one computes',
  ]);
});

test('the options of train audit a run, and other ones do not', () =>
  inFolder(async (cwd) => {
    const words = ['mlp', '--data', 'digits', '--limit', '320', '--workers', '0'];
    const run = ['train', ...words, '--epochs', '2', '--out', 'runs/a', '--no-report'];
    assert.is((await lanewise(run, { cwd })).code, 0);
    const audit = ['audit', 'runs/a', ...words];
    const { code, stdout } = await lanewise([...audit, '--epochs', '2'], { cwd });
    assert.is(code, 0);
    assert.match(stdout, /^runs\/a: steps \d+ to \d+ are right: the weights are those/);
    const all = await lanewise([...audit, '--epochs', '2', '--from', 'start', '--json'], { cwd });
    const { isExact, from } = JSON.parse(all.stdout) as { isExact: boolean; from: number };
    assert.equal([all.code, isExact, from], [0, true, 0]);
    const other = await lanewise([...audit, '--epochs', '3'], { cwd });
    assert.is(other.code, 1);
    assert.match(
      other.stderr,
      /the run to audit is another one:\n {2}epochs: 2 in the checkpoint, 3 now/,
    );
  }));

test.run();
