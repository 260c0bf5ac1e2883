// Runs the long tests that are too slow for every change: a run killed at 20 random moments and worker threads killed every
// 50 steps, a checkpoint of 2 GiB, 20,000 steps during which memory must not grow, disputes about steps tampered with, and
// every setting of every lab changed alone.
//   npm run soak
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

function run(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

run(['scripts/build.mjs', '--tests']);
run(['scripts/test.mjs', 'runs/kill', 'runs/large-checkpoint'], { LANEWISE_KILLS: '20' });
run(['dist/test/soak/long-run.js']);
run(['dist/test/soak/receipts.js']);
run(['dist/test/soak/lab-settings.js']);
