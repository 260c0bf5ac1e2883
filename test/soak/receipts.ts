/**
 * Disputes about runs of 10,000 steps: one step of each is tampered with, in weights, optimizer state or samples, and has to
 * be found in at most 14 exchanges and settled by one step; and pairs of honest runs, on any number of workers and on other
 * engines, have to agree. `npm run soak` runs it.
 *   node dist/test/soak/receipts.js [tampered=200] [honest=50] [steps=10000]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstDifference } from '../../src/runs/first-difference.js';
import { openReceipt, type Receipt } from '../../src/runs/receipt-file.js';
import { stateAfter } from '../../src/runs/replay.js';
import { settleDifference } from '../../src/runs/settle.js';
import { model, receiptOf, settingsOf, type Tampering } from '../runs/tampered-run.js';
import { findEngine } from '../support/engines.js';
import { createDraw } from '../support/numbers.js';

const script = fileURLToPath(import.meta.url);
const MOST_EXCHANGES = 14;

/** A run in a process of another engine. */
const elsewhere = (engine: string, words: readonly string[], folder: string, steps: number) => {
  execFileSync(engine, [...words, script, 'make', folder, String(steps)]);
  return join(folder, 'receipt');
};

/** Engines beside this one, with the words that run a script. */
const engines: readonly (readonly [path: string, words: readonly string[]])[] = (
  [
    ['node22', []],
    ['node24', []],
    ['node26', []],
    ['deno', ['run', '-A']],
    ['bun', []],
  ] as const
).flatMap(([name, words]) => {
  const path = findEngine(name);
  return path === undefined ? [] : [[path, words] as const];
});

const draw = createDraw(Number(process.env['LANEWISE_SEED'] ?? 1));

async function checkHonest(honest: Receipt, pairs: number, steps: number, root: string) {
  let [alarms, others] = [0, 0];
  for (let i = 0; i < pairs; i++) {
    const folder = join(root, `honest ${i}`);
    const [engine, words] = engines[i % engines.length] ?? [];
    const isElsewhere = engine !== undefined && i < 2 * engines.length;
    if (isElsewhere) others++;
    const path = isElsewhere
      ? elsewhere(engine, words!, folder, steps)
      : await receiptOf(folder, { ...settingsOf(steps), workers: i % 4 });
    const { difference } = await firstDifference(honest, openReceipt(path));
    if (difference) {
      alarms++;
      console.log(`false alarm: pair ${i}, step ${difference.step}`);
    }
    rmSync(folder, { recursive: true });
  }
  console.log(
    `${pairs} honest runs, ${others} of them on ${engines.length} other engines: ${alarms} false alarms`,
  );
  return alarms === 0;
}

async function checkTampered(honest: Receipt, runs: number, steps: number, root: string) {
  const settings = settingsOf(steps);
  const ways: readonly Tampering[] = ['weights', 'state', 'samples'];
  let [settled, most] = [0, 0];
  for (let i = 0; i < runs; i++) {
    const tampered = { step: draw(1, steps), how: ways[i % 3]!, place: draw(0, 9999) };
    const folder = join(root, `tampered ${i}`);
    const other = openReceipt(await receiptOf(folder, settings, tampered));
    const file = join(folder, 'before.safetensors');
    const before = tampered.step - 1;
    if (before > 0) await stateAfter(model, settings, { step: before, file });
    const isTurned = i % 2 === 1;
    const { difference, right, stepsTaken, exchanges } = await settleDifference(model, settings, {
      ...(isTurned ? { a: other, b: honest } : { a: honest, b: other }),
      ...(before > 0 ? { from: file } : {}),
    });
    most = Math.max(most, exchanges);
    const isRight =
      difference?.step === tampered.step &&
      right === (isTurned ? 'b' : 'a') &&
      stepsTaken === 1 &&
      exchanges <= MOST_EXCHANGES;
    if (isRight) settled++;
    else console.log('not settled:', tampered, difference?.step, right, stepsTaken, exchanges);
    rmSync(folder, { recursive: true });
    if ((i + 1) % 20 === 0) console.log(`${i + 1} tampered runs: ${settled} settled`);
  }
  console.log(
    `${settled} of ${runs} tampered steps among ${steps} found and settled by one step, in at most ${most} exchanges`,
  );
  return settled === runs;
}

async function soak(tampered: number, pairs: number, steps: number): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'lanewise-receipts-'));
  try {
    const honest = openReceipt(await receiptOf(join(root, 'honest'), settingsOf(steps)));
    const isQuiet = await checkHonest(honest, pairs, steps, root);
    return (await checkTampered(honest, tampered, steps, root)) && isQuiet;
  } finally {
    rmSync(root, { recursive: true });
  }
}

const [word, ...rest] = process.argv.slice(2);
if (word === 'make') await receiptOf(rest[0]!, settingsOf(Number(rest[1])));
else {
  const [tampered = 200, pairs = 50, steps = 10_000] = process.argv.slice(2).map(Number);
  if (!(await soak(tampered, pairs, steps))) process.exitCode = 1;
}
