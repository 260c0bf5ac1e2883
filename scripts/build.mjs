// Builds everything a clone needs into dist/: the Wasm builds (asc), JavaScript (esbuild) and
// types (tsc). JavaScript comes twice: a file a source file, which the tests import, and bundled, which
// users load: sixty small files take 30 ms to load, a few large ones 5.
//   node scripts/build.mjs           package: wasm, src, workers, types
//   node scripts/build.mjs --tests   the same without types, with test/
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';
import { writeEntryPoints } from './kernel-exports.mjs';
import {
  bundle,
  clusters,
  javaScript,
  platform,
  recordings,
  root,
  sources,
  wholes,
} from './javascript.mjs';
import { writeLicences } from './licences.mjs';
import { mergeCore, onWholeCore } from './browser-parts.mjs';
import { allAtOnce, shakeable } from './shakeable.mjs';
import { shrink } from './shrink.mjs';
import { buildTypes } from './types.mjs';

process.chdir(root);
const withTests = process.argv.includes('--tests');

const newest = (files) => Math.max(...files.map((file) => statSync(file).mtimeMs));

/**
 * The custom section in which a compiled module says which build it is (WebAssembly, binary format, 5.5.3: id 0, size,
 * name, contents).
 */
function customSection(name, text) {
  const contents = [name.length, ...Buffer.from(name + text)];
  if (contents.length > 127) throw new Error('a size of more than one byte');
  return Uint8Array.from([0, contents.length, ...contents]);
}

async function buildWasm() {
  const targets = Object.entries(JSON.parse(readFileSync('asconfig.json', 'utf8')).targets);
  const changed = newest([
    ...sources('assembly'),
    'asconfig.json',
    'src/program/inference-rows.ts',
    'src/program/int8-rows.ts',
    'src/program/int8-scratch.ts',
    'src/program/scratch.ts',
    'src/program/training-rows.ts',
    'scripts/build.mjs',
    'scripts/function-order.mjs',
    'scripts/kernel-exports.mjs',
    'scripts/shrink.mjs',
  ]);
  mkdirSync('dist/wasm', { recursive: true });
  await writeEntryPoints('dist/assembly');
  for (const [target, { outFile }] of targets) {
    if (existsSync(outFile) && statSync(outFile).mtimeMs > changed) continue;
    const [entry] = /^(inference|int8)/.exec(target) ?? ['index'];
    // Built with functions' names, which shrink() needs and removes.
    const flags = ['--target', target, '--config', 'asconfig.json', '--debug'];
    const { error, stderr } = await asc.main([`dist/assembly/${entry}.ts`, ...flags]);
    if (error) throw new Error(`assemblyscript, target '${target}':\n${stderr.toString()}`);
    writeFileSync(outFile, shrink(readFileSync(outFile)));
    appendFileSync(outFile, customSection('lanewise', target));
  }
}

/** Entry points that stand on the core. */
const parts = {
  onnx: 'src/onnx/index.ts',
  import: 'src/import/index.ts',
  quantize: 'src/quantize/index.ts',
};

/** What stands on the core and is not for pages: other machines, and labs. */
const serverParts = { cluster: 'src/cluster/index.ts', lab: 'src/lab/index.ts' };

const browsers = ['chrome111', 'firefox113', 'safari16.4'];

async function buildJavaScript(folders) {
  // Tests that no longer exist must not run, and old chunks must not stay.
  for (const folder of ['test', 'src/bundle'])
    rmSync(join('dist', folder), { recursive: true, force: true });
  await build({ ...javaScript, entryPoints: folders.flatMap(sources) });
}

/**
 * esbuild splits a bundle into a file for each set of modules that some of its parts share: a dozen files
 * that are only ever loaded together, at a millisecond or two each. So every part imports the whole core, which is one file.
 */
function onCore(core, parts) {
  const begun = sources('src').flatMap((file) => {
    const lazy = readFileSync(file, 'utf8').matchAll(/import\('([.#][^']+)'\)/g);
    return [...lazy].map(([, path]) =>
      path === '#recording'
        ? recordings.node
        : path === '#cluster'
          ? clusters.node
          : join(file, '..', path.replace(/js$/, 'ts')),
    );
  });
  const files = new Set([...parts, ...begun].map((file) => join(root, file)));
  return {
    name: 'core',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!files.has(path)) return undefined;
        const text = readFileSync(path, 'utf8');
        return { contents: `${text}\nimport '${join(root, core)}';\n`, loader: 'ts' };
      });
    },
  };
}

/** The output is two folders below dist/, like the sources, so that URLs relative to a file work in both. */
async function bundleJavaScript() {
  await build({
    ...bundle,
    entryPoints: {
      index: 'src/index.ts',
      main: 'src/cli/main.ts',
      'training-process': 'src/benchmark/training-process.ts',
      ...parts,
      ...serverParts,
    },
    outdir: 'dist/src/bundle',
    splitting: true,
    plugins: [
      platform('node'),
      onCore('src/index.ts', [
        'src/cli/main.ts',
        'src/benchmark/training-process.ts',
        ...Object.values({ ...parts, ...serverParts }),
      ]),
    ],
  });
  await build(wholes);
  chmodSync('dist/src/bundle/main.js', 0o755);
}

/** Builds the package for browsers and edge workers: one file, what stands on it, and the script of its threads. */
async function bundleBrowser() {
  rmSync('dist/browser', { recursive: true, force: true });
  const common = {
    ...javaScript,
    platform: 'browser',
    target: browsers,
    bundle: true,
    outdir: 'dist/browser',
  };
  await build({
    ...common,
    entryPoints: { worker: 'workers/web-worker.ts', inference: 'src/inference/index.ts' },
    plugins: [platform('web'), allAtOnce],
    // Otherwise nothing in the worker's script would show that it is a module.
    footer: { js: 'export {};' },
  });
  const onCore = onWholeCore(
    join(root, 'src/browser.ts'),
    Object.values(parts).map((file) => join(root, file)),
  );
  await build({
    ...common,
    entryPoints: { index: 'src/browser.ts', ...parts },
    splitting: true,
    plugins: [platform('web'), onCore, allAtOnce],
  });
  mergeCore(
    common.outdir,
    Object.keys(parts).map((name) => `${name}.js`),
  );
  const index = 'dist/browser/index.js';
  writeFileSync(index, shakeable(readFileSync(index, 'utf8')));
}

/** Builds the browser's part of reports with its plots; it is small, because every report contains it. */
async function bundleReport() {
  await build({
    entryPoints: ['src/runs/report/client/page.ts', 'src/runs/report/client/page.css'],
    outdir: 'dist/report',
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: browsers,
    // The plots' licence has to accompany them.
    banner: { js: `/*! uPlot\n${readFileSync('node_modules/uplot/LICENSE', 'utf8')}*/` },
    logLevel: 'warning',
  });
}

await buildWasm();
await buildJavaScript(withTests ? ['src', 'test'] : ['src']);
await bundleJavaScript();
await bundleBrowser();
await bundleReport();
writeLicences();
if (!withTests) buildTypes();
