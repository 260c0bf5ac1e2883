/**
 * Loaded by `node --import`: the n-th rename, or every fsync of a file, fails with a code of the system.
 *   LANEWISE_FAIL=rename,EIO,4 node --import failing-disk.js program.js
 */
import type * as FileSystem from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const [call, code, first = '1'] = (process.env['LANEWISE_FAIL'] ?? '').split(',');
const system = createRequire(import.meta.url)('node:fs/promises') as {
  rename: typeof FileSystem.rename;
  open: typeof FileSystem.open;
};
const { rename, open } = system;
const failure = () =>
  code === 'ESTALE'
    ? Object.assign(new Error('Unknown system error -116'), { errno: -116, code: 'Unknown' })
    : Object.assign(new Error(`${code}: it failed`), { code });
let calls = 0;
if (call === 'rename') {
  system.rename = (from, to) =>
    ++calls >= Number(first) ? Promise.reject(failure()) : rename(from, to);
} else {
  system.open = async (...args) => {
    const file = await open(...args);
    file.sync = () => Promise.reject(failure());
    return file;
  };
}
syncBuiltinESMExports();
