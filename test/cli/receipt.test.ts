/** `lanewise receipt`: which receipts are the same, which was altered, and what is no receipt at all. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lanewise } from './lanewise.js';

const cwd = mkdtempSync(join(tmpdir(), 'lanewise-receipt-command-'));
test.after(() => rmSync(cwd, { recursive: true, force: true }));

const words = ['mlp', '--limit', '320', '--epochs', '1', '--numerics', 'strict'];
const receipt = (...args: readonly string[]) => lanewise(['receipt', ...args], { cwd });

test.before(async () => {
  for (const [out, ...more] of [['a'], ['b', '--workers', '1'], ['c', '--seed', '2']]) {
    const { code, stderr } = await lanewise(
      ['train', ...words, ...more, '--receipt', '--out', out!],
      { cwd },
    );
    assert.is(code, 0, stderr);
  }
});

test('two who took the same steps have the same receipt, and nothing to settle', async () => {
  const same = await receipt('compare', 'a', 'b');
  assert.is(same.code, 0, same.stderr);
  assert.match(same.stdout, /^the same in all 5 steps \(3 exchanges\)/);
  const settled = await receipt('settle', ...words, '--a', 'a', '--b', 'b');
  assert.match(settled.stdout, /^the two agree, and there is nothing to settle \(3 exchanges\)/);
});

test('two runs that are not the same say in what, and end with code 1', async () => {
  const { code, stdout } = await receipt('compare', 'a', 'c');
  assert.is(code, 1);
  assert.match(stdout, 'they differ in seed');
  assert.match(stdout, 'they differ before the first step');
});

test('an altered entry is named, wherever bisection looks', async () => {
  const bytes = readFileSync(join(cwd, 'b', 'receipt'));
  // A header of 56 bytes, the entry of the initial state with its SHA-256, and 72 bytes a step.
  bytes[56 + 104 + 72 + 20]! ^= 1;
  writeFileSync(join(cwd, 'altered'), bytes);
  for (const args of [
    ['show', 'altered'],
    ['compare', 'a', 'altered'],
  ]) {
    const { code, stderr } = await receipt(...args);
    assert.is(code, 1);
    assert.match(
      stderr,
      "receipt 'altered' was altered: step 2 does not follow from the one before",
    );
  }
});

test('a run without a receipt, and nothing at all, are told apart', async () => {
  mkdirSync(join(cwd, 'without'));
  const without = await receipt('show', 'without');
  assert.is(without.code, 1);
  assert.match(without.stderr, "'without' holds no receipt");
  assert.match(without.stderr, '--receipt');
  const absent = await receipt('compare', 'a', 'absent');
  assert.is(absent.code, 1);
  assert.match(absent.stderr, "there is no receipt 'absent', and no run's folder");
});

test.run();
