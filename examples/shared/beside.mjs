// Builds the pages of the examples: folders of static files for any host.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The modules imported as 'lanewise', 'lanewise/inference' and 'lanewise/onnx' lie below the address `lanewise`. */
const beside = (lanewise) => ({
  name: 'beside',
  setup({ onResolve }) {
    onResolve({ filter: /^lanewise(\/inference|\/onnx)?$/ }, ({ path }) => ({
      path: `${lanewise}/browser/${path === 'lanewise' ? 'index' : path.slice('lanewise/'.length)}.js`,
      external: true,
    }));
  },
});

/** What is imported of 'lanewise' and 'lanewise/lab' becomes a part of the page, and nothing else of them. */
const within = {
  name: 'within',
  setup({ onResolve }) {
    onResolve({ filter: /^lanewise(\/lab)?$/ }, ({ path }) => ({
      path:
        path === 'lanewise'
          ? join(root, 'dist/src/browser.js')
          : join(root, 'examples/shared/lab-in-page.mjs'),
    }));
  },
};

/** The page of the folder `here`, with what all pages have in their heads. */
function pageOf(here) {
  const head = readFileSync(join(root, 'examples/shared/head.html'), 'utf8');
  const page = readFileSync(join(here, 'index.html'), 'utf8');
  return page.replace('    <!-- shared/head.html -->\n', () => head);
}

/** Writes the page of the folder `here` with `files` beside it, and `entryPoints` bundled as pages want them. */
export async function buildFiles({ here, folder, files, ...options }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), pageOf(here));
  for (const file of files) cpSync(join(here, file), join(folder, file));
  await build({
    outdir: folder,
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    target: ['chrome111', 'firefox114', 'safari16.4'],
    logLevel: 'warning',
    ...options,
  });
  return folder;
}

/** Makes `folder` anew by what `fill` writes: whoever serves the one before finds every file of it until then. */
export async function replace(folder, fill) {
  const [fresh, old] = [`${folder}.${process.pid}.new`, `${folder}.${process.pid}.old`];
  try {
    await fill(fresh);
    if (existsSync(folder)) renameSync(folder, old);
    renameSync(fresh, folder);
  } finally {
    for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true });
  }
  return folder;
}

function empty(folder) {
  if (!existsSync(join(root, 'dist', 'browser')))
    throw new Error('the package is not built: run `npm run build` first');
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Builds a page that imports 'lanewise' from a copy of its browser build, which finds its own worker and Wasm. The copy lies
 * in `folder`, which is deleted first, or where `lanewise` says, as an address from the page.
 */
export function buildBeside({ folder, lanewise, ...options }) {
  empty(folder);
  if (lanewise === undefined)
    for (const part of ['browser', 'wasm'])
      cpSync(join(root, 'dist', part), join(folder, 'lanewise', part), { recursive: true });
  return buildFiles({ folder, plugins: [beside(lanewise ?? './lanewise')], ...options });
}

/**
 * Builds a page that has what it takes of 'lanewise' in its scripts, and the builds `wasm` of the kernels. Scripts that call the
 * engine lie one folder below, such as `code/engine`: the kernels are found from there. `folder` is deleted first.
 */
export function buildWithin({ folder, wasm, ...options }) {
  empty(folder);
  for (const name of wasm)
    cpSync(join(root, `dist/wasm/${name}.wasm`), join(folder, `wasm/${name}.wasm`));
  return buildFiles({
    folder,
    platform: 'browser',
    external: ['node:*'],
    plugins: [within],
    ...options,
  });
}
