/** Takes the lock of a folder when the time has come, says how that went, and keeps it for a while. */
import { setTimeout } from 'node:timers/promises';
import { lockFolder } from '../../src/run/lock.js';

const [folder, at, keepMs] = process.argv.slice(2);
await setTimeout(Math.max(0, Number(at) - Date.now()));
try {
  const lock = await lockFolder(folder!);
  console.log(`taken ${process.pid}`);
  await setTimeout(Number(keepMs));
  await lock.release();
} catch (error) {
  console.log(`refused: ${(error as Error).message}`);
}
