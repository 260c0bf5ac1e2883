/**
 * Takes the lock of a folder when the time has come, says how that went, and keeps it for a while.
 *   node lock-process.js <folder> <at> <keepMs> [<staleMs> <touchMs>]
 */
import { setTimeout } from 'node:timers/promises';
import { lockFolder } from '../../src/runs/lock.js';

const [folder, at, keepMs, staleMs, touchMs] = process.argv.slice(2);
const options = staleMs ? { staleMs: Number(staleMs), touchMs: Number(touchMs) } : {};
await setTimeout(Math.max(0, Number(at) - Date.now()));
try {
  const lock = await lockFolder(folder!, options);
  console.log(`taken ${process.pid}${lock.warning ? `: ${lock.warning}` : ''}`);
  await setTimeout(Number(keepMs));
  await lock.release();
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
