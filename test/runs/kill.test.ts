/** The run that was killed ends with the same weights as the run that was not. */
// slow: processes that are killed
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { randomStream } from '../../src/random/philox.js';

const program = fileURLToPath(new URL('killable.js', import.meta.url));

/** `npm run soak` kills more often, and a longer run. */
const isSoak = process.env['LANEWISE_KILLS'] !== undefined;
const KILLS = isSoak ? Number(process.env['LANEWISE_KILLS']) : 4;
const SIZE = isSoak ? ['--epochs', '3', '--samples', '8000'] : ['--epochs', '2'];
/** Milliseconds after the first steps within which a run is killed. */
const WINDOW = isSoak ? 250 : 80;

interface Outcome {
  readonly lines: readonly string[];
  readonly wasKilled: boolean;
}

/** Runs the program until it ends, or until it is killed some milliseconds after its first step. */
async function runProgram(args: readonly string[], killAfter?: number): Promise<Outcome> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (killAfter !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  assert.ok(code === 0 || signal === 'SIGKILL', errors);
  return { lines: output.trim().split('\n'), wasKilled: signal === 'SIGKILL' };
}

function hashOf({ lines }: Outcome): string {
  const line = lines.find((text) => text.startsWith('sha256 '));
  if (line === undefined) throw new Error(`the run did not end: ${lines.join('; ')}`);
  return line;
}

let folder = '';
let undisturbed = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-kill-'));
  undisturbed = hashOf(await runProgram([join(folder, 'whole'), ...SIZE]));
});
test.after(() => rm(folder, { recursive: true, force: true }));

test(`killed by SIGKILL at ${KILLS} random moments and resumed: the same weights`, async () => {
  const random = randomStream(Date.now(), 99, 0);
  const args = [join(folder, 'killed'), ...SIZE];
  let kills = 0;
  for (let attempt = 0; ; attempt++) {
    assert.ok(attempt < KILLS + 50, `${attempt} attempts, ${kills} kills`);
    // Sometimes before the first step is checkpointed, sometimes late; other workers each time.
    const workers = ['--workers', String(attempt % 4)];
    const outcome = await runProgram(
      [...args, ...workers],
      kills < KILLS ? 1 + random.integer(WINDOW) : undefined,
    );
    if (outcome.wasKilled) kills++;
    else {
      assert.is(hashOf(outcome), undisturbed);
      break;
    }
  }
  // The short run may be over before.
  assert.ok(isSoak ? kills === KILLS : kills > 0, `${kills} kills`);
});

test('a worker thread killed again and again: the same weights', async () => {
  const args = [...SIZE, '--kill-workers', isSoak ? '50' : '20', '--workers', '3'];
  const outcome = await runProgram([join(folder, 'threads'), ...args]);
  assert.is(hashOf(outcome), undisturbed);
  const [, recovered, killed] = /recovered (\d+) of (\d+)/.exec(outcome.lines.join('\n'))!;
  assert.ok(Number(killed) >= 3, `${killed} workers were killed`);
  assert.ok(Number(recovered) >= 1, `${recovered} of ${killed} deaths came in the middle of steps`);
});

test.run();
