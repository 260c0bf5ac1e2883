// Puts the tools that only tests need into .engines/: package checkers, bundlers, and onnxruntime, which runs the ONNX files
// that are written. They are too heavy for devDependencies, and are pinned here.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TOOLS = {
  publish: { publint: '0.3.25', '@arethetypeswrong/cli': '0.18.5' },
  // Its install script fetches GPU libraries, which nothing here uses.
  onnxruntime: { 'onnxruntime-node': '1.30.0' },
  bundlers: {
    vite: '8.3.8',
    rollup: '4.68.7',
    '@rollup/plugin-node-resolve': '16.0.3',
    webpack: '5.112.2',
    'webpack-cli': '7.3.1',
  },
};

for (const [set, dependencies] of Object.entries(TOOLS)) {
  const folder = join('.engines', set);
  const path = join(folder, 'package.json');
  const wanted = `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`;
  const isThere = existsSync(join(folder, 'node_modules', '.package-lock.json'));
  if (isThere && readFileSync(path, 'utf8') === wanted) continue;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, wanted);
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['install', ...flags], { cwd: folder, stdio: 'inherit' });
}
