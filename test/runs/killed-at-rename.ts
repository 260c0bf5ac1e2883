/**
 * Loaded by `node --import`: kills the process at its n-th rename, `before` it is done or `after`.
 *   LANEWISE_RENAME=before,3 node --import killed-at-rename.js program.js
 */
import type * as FileSystem from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const [when, n] = (process.env['LANEWISE_RENAME'] ?? 'before,0').split(',');
const system = createRequire(import.meta.url)('node:fs/promises') as {
  rename: typeof FileSystem.rename;
};
const { rename } = system;
let renames = 0;
system.rename = async (from, to) => {
  const isMeant = ++renames === Number(n);
  if (isMeant && when === 'before') process.kill(process.pid, 'SIGKILL');
  await rename(from, to);
  if (isMeant) process.kill(process.pid, 'SIGKILL');
};
syncBuiltinESMExports();
