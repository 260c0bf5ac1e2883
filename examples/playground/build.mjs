// Builds the playground into dist/playground, a folder of static files for any host: the page and its engine
// worker, and the package's browser build.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBeside, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/** @param {string} folder the output folder, which is deleted first. */
export const buildPlayground = (folder = join(root, 'dist', 'playground')) =>
  buildBeside({
    here,
    folder,
    files: ['index.html', 'icon.svg'],
    entryPoints: {
      page: join(here, 'page/main.ts'),
      engine: join(here, 'engine/engine.ts'),
      style: join(here, 'style.css'),
    },
    // The licence of the curves' library has to accompany it.
    banner: {
      js: `/*! uPlot\n${readFileSync(join(root, 'node_modules/uplot/LICENSE'), 'utf8')}*/`,
    },
  });
