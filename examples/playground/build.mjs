// Builds the playground into dist/playground, a folder of static files for any host: the page and its engine
// worker (esbuild), and the package's browser build as it is, which finds its own worker and Wasm.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = fileURLToPath(new URL('./', import.meta.url));

/** The module imported as 'lanewise' lies beside the page. */
const beside = {
  name: 'beside',
  setup({ onResolve }) {
    onResolve({ filter: /^lanewise$/ }, () => ({
      path: './lanewise/browser/index.js',
      external: true,
    }));
  },
};

/** @param {string} folder the output folder, which is deleted first. */
export async function buildPlayground(folder = join(root, 'dist', 'playground')) {
  if (!existsSync(join(root, 'dist', 'browser')))
    throw new Error('the package is not built: run `npm run build` first');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['browser', 'wasm'])
    cpSync(join(root, 'dist', part), join(folder, 'lanewise', part), { recursive: true });
  for (const file of ['index.html', 'icon.svg']) cpSync(join(here, file), join(folder, file));
  await build({
    entryPoints: {
      page: join(here, 'page/main.ts'),
      engine: join(here, 'engine/engine.ts'),
      style: join(here, 'style.css'),
    },
    outdir: folder,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    plugins: [beside],
    // The licence of the curves' library has to accompany it.
    banner: {
      js: `/*! uPlot\n${readFileSync(join(root, 'node_modules/uplot/LICENSE'), 'utf8')}*/`,
    },
    logLevel: 'warning',
  });
  return folder;
}
