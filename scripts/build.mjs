// Builds everything a clone needs into dist/: the four Wasm variants (asc), JavaScript (esbuild, one
// file a source file, so that stack traces and worker paths look like the sources) and types (tsc).
//   node scripts/build.mjs           package: wasm, src, workers, types
//   node scripts/build.mjs --tests   the same without types, with test/
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const withTests = process.argv.includes('--tests');

/** Every file below `folder` that ends in `.ts`. */
function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}

const newest = (files) => Math.max(...files.map((file) => statSync(file).mtimeMs));

async function buildWasm() {
  const targets = Object.entries(JSON.parse(readFileSync('asconfig.json', 'utf8')).targets);
  const changed = newest([...sources('assembly'), 'asconfig.json', 'scripts/build.mjs']);
  mkdirSync('dist/wasm', { recursive: true });
  for (const [target, { outFile }] of targets) {
    if (existsSync(outFile) && statSync(outFile).mtimeMs > changed) continue;
    const { error, stderr } = await asc.main(['--target', target, '--config', 'asconfig.json']);
    if (error) throw new Error(`assemblyscript, target '${target}':\n${stderr.toString()}`);
  }
}

async function buildJavaScript(folders) {
  // Tests that no longer exist must not run.
  rmSync('dist/test', { recursive: true, force: true });
  await build({
    entryPoints: folders.flatMap(sources),
    outbase: '.',
    outdir: 'dist',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
  });
  if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);
}

function buildTypes() {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const flags = ['--project', 'tsconfig.types.json'];
  const { status } = spawnSync(process.execPath, [tsc, ...flags], { stdio: 'inherit' });
  if (status !== 0) throw new Error('tsc found errors (above)');
}

await buildWasm();
await buildJavaScript(withTests ? ['src', 'workers', 'test'] : ['src', 'workers']);
if (!withTests) buildTypes();
