/** Two who got different results: the first step that differs is found in few exchanges, and one step run again settles it. */
// slow: trains
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { firstDifference } from '../../src/runs/first-difference.js';
import { openReceipt, type Receipt, type ReceiptParty } from '../../src/runs/receipt-file.js';
import type { ReceiptEntry } from '../../src/runs/receipt-format.js';
import { stateAfter } from '../../src/runs/replay.js';
import { settleDifference } from '../../src/runs/settle.js';
import { createDraw } from '../support/numbers.js';
import { model, receiptOf, settingsOf, type Tampering } from './tampered-run.js';

const STEPS = 1000;
const settings = settingsOf(STEPS);
const root = mkdtempSync(join(tmpdir(), 'lanewise-dispute-'));
let honest: Receipt;
let folders = 0;
const newFolder = () => join(root, String(folders++));

test.before(async () => {
  honest = openReceipt(await receiptOf(newFolder(), settings));
  assert.is(honest.steps, STEPS);
});

test.after(() => rmSync(root, { recursive: true, force: true }));

/** A party that counts how often it is asked. */
const counting = (party: ReceiptParty) => {
  const counts = { asked: 0 };
  const entry = (step: number) => {
    counts.asked++;
    return party.entry(step);
  };
  return { party: { ...party, entry }, counts };
};

test('honest runs have no difference, with any workers', async () => {
  const other = openReceipt(await receiptOf(newFolder(), { ...settings, workers: 2 }));
  const found = await firstDifference(honest, other);
  assert.equal(found, { steps: STEPS, exchanges: found.exchanges });
  assert.ok(found.exchanges <= 10);
  assert.is(honest.sha256, other.sha256);
  const verdict = await settleDifference(model, settings, { a: honest, b: other });
  assert.equal(verdict, { exchanges: found.exchanges });
});

const draw = createDraw(11);
const ways: readonly Tampering[] = ['weights', 'state', 'samples'];
for (const [i, step] of [1, 2, 128, 129, 250, 251, 1000, draw(3, 999), draw(3, 999)].entries()) {
  const how = ways[i % 3]!;
  test(`${how} tampered with before step ${step}: found, and settled by one step`, async () => {
    const tampered = { step, how, place: draw(0, 9999) };
    const other = openReceipt(await receiptOf(newFolder(), settings, tampered));
    const { party, counts } = counting(other);
    const { difference, exchanges } = await firstDifference(honest, party);
    assert.is(difference?.step, step);
    assert.ok(exchanges <= 10, `${exchanges} exchanges`);
    assert.is(counts.asked, exchanges);
    assert.is(difference!.agreed?.step, step - 1);
    assert.ok(difference!.differs.includes('state'));
    assert.equal(difference!.altered, []);
    const file = join(root, 'before.safetensors');
    if (step > 1) await stateAfter(model, settings, { step: step - 1, file });
    const from = step > 1 ? { from: file } : {};
    const verdict = await settleDifference(model, settings, { a: honest, b: other, ...from });
    assert.equal(
      [verdict.right, verdict.stepsTaken, verdict.isProven],
      ['a', 1, (step - 1) % 128 === 0],
    );
    const turned = await settleDifference(model, settings, { a: other, b: honest, ...from });
    assert.is(turned.right, 'b');
  });
}

const tampered = { step: 700, how: 'weights', place: 3 } as const;

test('from a state with a SHA-256, or from the beginning, the steps in between are taken', async () => {
  const other = openReceipt(await receiptOf(newFolder(), settings, tampered));
  const file = join(root, 'earlier.safetensors');
  const kept = await stateAfter(model, settings, { step: 640, file });
  assert.equal(kept, { step: 640, file, from: 0 });
  const verdict = await settleDifference(model, settings, { a: honest, b: other, from: file });
  assert.equal([verdict.right, verdict.from, verdict.isProven], ['a', 640, true]);
  assert.is(verdict.stepsTaken, 60);
  const anew = await settleDifference(model, settings, { a: honest, b: other });
  assert.equal([anew.right, anew.from, anew.isProven, anew.stepsTaken], ['a', 0, true, 700]);
  const later = join(root, 'later.safetensors');
  const next = await stateAfter(model, settings, { step: 650, file: later, from: file });
  assert.is(next.from, 640);
});

test('two who are both wrong are told so', async () => {
  const one = openReceipt(await receiptOf(newFolder(), settings, tampered));
  const two = openReceipt(await receiptOf(newFolder(), settings, { ...tampered, place: 5 }));
  const verdict = await settleDifference(model, settings, { a: one, b: two });
  assert.is(verdict.right, 'neither');
  assert.is(verdict.difference!.step, 700);
});

/** The error that `call` ends with. */
async function refusal(call: () => Promise<unknown>): Promise<LanewiseError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  throw new Error('not refused');
}

test('a state that is not the one agreed on is refused before the step is taken', async () => {
  const path = await receiptOf(newFolder(), settings, tampered);
  const other = openReceipt(path);
  const file = join(root, 'wrong.safetensors');
  const otherSeed = settingsOf(STEPS, 2);
  await stateAfter(model, otherSeed, { step: 699, file });
  const of = (from: string) => () =>
    settleDifference(model, settings, { a: honest, b: other, from });
  assert.match((await refusal(of(file))).message, /seed: 2 in the checkpoint, 1 now/);
  await stateAfter(model, settings, { step: 700, file });
  assert.match((await refusal(of(file))).message, /is of step 700, expected at most 699/);
  const foreign = { a: honest, b: { ...other, run: '00'.repeat(32) } };
  assert.match(
    (await refusal(() => settleDifference(model, settings, foreign))).message,
    /the receipt of b is of another run/,
  );
  const wrongState = { ...(await honest.entry(699)), digest: '00'.repeat(16) };
  const lying = (party: Receipt): ReceiptParty => ({
    ...party,
    entry: async (step) => (step === 699 ? wrongState : party.entry(step)),
  });
  await stateAfter(model, settings, { step: 699, file });
  const error = await refusal(() =>
    settleDifference(model, settings, { a: lying(honest), b: lying(other), from: file }),
  );
  assert.match(error.message, /not the one that both agreed on after step 699: digest/);
});

test('an entry that does not follow from the one before is named', async () => {
  const altering: ReceiptParty = {
    ...honest,
    async entry(step): Promise<ReceiptEntry> {
      const entry = await honest.entry(step);
      return step < 300 ? entry : { ...entry, chain: 'ab'.repeat(32) };
    },
  };
  const { difference } = await firstDifference(honest, altering);
  assert.equal([difference!.step, difference!.altered], [300, ['b']]);
});

test('what is no entry is refused', async () => {
  const entry = await honest.entry(500);
  for (const answer of [
    undefined,
    {},
    { ...entry, chain: 'x' },
    { ...entry, step: 499 },
    { ...entry, loss: 'none' },
    { ...entry, state: 1 },
  ]) {
    const party = { ...honest, entry: async () => answer as ReceiptEntry };
    const error = await refusal(() => firstDifference(honest, party));
    assert.is(error.kind, 'data');
    assert.match(error.message, /^party b: the entry of step 500/);
  }
});

test('receipts of other lengths are compared as far as both go', async () => {
  const shorter = { ...honest, steps: 10 };
  const { steps, exchanges, difference } = await firstDifference(honest, shorter);
  assert.equal([steps, exchanges <= 4, difference], [10, true, undefined]);
});

test.run();
