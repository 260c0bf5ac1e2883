/** The options about other machines: what they become, and what is refused before data is read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { clusterOf } from '../../src/cli/train-options.js';
import { lanewise } from './lanewise.js';

const refusalOf = async (...args: readonly string[]): Promise<string> => {
  const { code, stderr } = await lanewise(args);
  assert.is.not(code, 0);
  return stderr;
};

test('options become the settings of a cluster, and those not given are left out', () => {
  assert.equal(clusterOf({}), {});
  const url = 'nats://127.0.0.1:4222';
  assert.equal(clusterOf({ cluster: url }), { cluster: { url } });
  const all = {
    credentials: 'c.json',
    minWorkers: 2,
    check: 0.5,
    deadline: 3,
    share: 'always',
    insecure: true,
  } as const;
  assert.equal(clusterOf({ cluster: url, ...all }), { cluster: { url, ...all } });
});

test('options that are about other machines need --cluster', async () => {
  for (const given of [
    ['--min-workers', '2'],
    ['--check', '0.5'],
    ['--deadline', '3'],
    ['--share', 'always'],
    ['--credentials', 'c.json'],
    ['--insecure'],
  ]) {
    const text = await refusalOf('train', 'lenet5', ...given);
    assert.match(text, `${given[0]} is about other machines, and goes with --cluster`);
  }
});

test('values that no cluster can have are refused by name', async () => {
  const url = ['--cluster', 'nats://127.0.0.1:4222'];
  const train = (...more: string[]) => refusalOf('train', 'lenet5', ...url, ...more);
  assert.match(await train('--check', '1.5'), 'Expected a number from 0 to 1');
  assert.match(await train('--deadline', '0'), 'Expected a number above 0');
  assert.match(await train('--min-workers', '-1'), 'Expected a whole number of at least 0');
});

test('commands that train on this machine alone say which one does not', async () => {
  for (const command of ['sweep', 'lr-find'])
    assert.match(
      await refusalOf(command, 'lenet5', '--cluster', 'nats://127.0.0.1:4222'),
      'only train shares its steps with other machines',
    );
});

test.run();
