// Builds the page of the benchmarks into dist/bench, a folder of static files for any host: the page, its worker with
// the workloads of src/benchmark, the script of worker threads, and the Wasm builds. dist/wasm must be there.
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildFiles, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Workloads are not public, so they come from the sources, with the platform of browsers. */
const platform = {
  name: 'platform',
  setup({ onResolve }) {
    onResolve({ filter: /^#platform\// }, ({ path }) => ({
      path: join(root, 'src', 'web', `${path.slice('#platform/'.length)}.ts`),
    }));
  },
};

/** @param {string} folder the output folder, which is deleted first. */
export function buildPage(folder = join(root, 'dist', 'bench')) {
  rmSync(folder, { recursive: true, force: true });
  for (const name of [
    'strict',
    'strict-shared',
    'fused',
    'fused-shared',
    'int8-relaxed',
    'int8-plain',
  ])
    cpSync(join(root, `dist/wasm/${name}.wasm`), join(folder, `wasm/${name}.wasm`));
  return buildFiles({
    here,
    folder,
    files: ['icon.svg'],
    entryPoints: {
      page: join(here, 'page.ts'),
      style: join(here, 'style.css'),
      // One folder below, as in the package: ../wasm and ./worker.js are found from there.
      'code/bench': join(here, 'worker.ts'),
      'code/worker': join(root, 'workers/web-worker.ts'),
    },
    define: { LANEWISE_VERSION: JSON.stringify(version) },
    plugins: [platform],
  });
}
