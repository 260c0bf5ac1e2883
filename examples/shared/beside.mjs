// Builds pages that import 'lanewise' from a copy of its browser build beside them, which finds its own worker and Wasm.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The modules imported as 'lanewise', 'lanewise/inference' and 'lanewise/onnx' lie beside the page. */
const beside = {
  name: 'beside',
  setup({ onResolve }) {
    onResolve({ filter: /^lanewise(\/inference|\/onnx)?$/ }, ({ path }) => ({
      path: `./lanewise/browser/${path === 'lanewise' ? 'index' : path.slice('lanewise/'.length)}.js`,
      external: true,
    }));
  },
};

/**
 * Builds `entryPoints` into `folder`, which is deleted first, with `files` of the folder `here` as they are, and
 * further options of esbuild.
 */
export async function buildBeside({ here, folder, files, ...options }) {
  if (!existsSync(join(root, 'dist', 'browser')))
    throw new Error('the package is not built: run `npm run build` first');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['browser', 'wasm'])
    cpSync(join(root, 'dist', part), join(folder, 'lanewise', part), { recursive: true });
  for (const file of files) cpSync(join(here, file), join(folder, file));
  await build({
    outdir: folder,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    plugins: [beside],
    logLevel: 'warning',
    ...options,
  });
  return folder;
}
