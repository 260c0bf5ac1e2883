// Builds the playground into dist/playground, a folder of static files for any host: the page and its engine worker, the
// package's browser build, and the pages that it links to, each in a folder of its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGo } from '../go/build.mjs';
import { buildPoints } from '../points/build.mjs';
import { buildBeside, replace, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/** @param {string} folder the output folder, which is replaced. */
export const buildPlayground = (folder = join(root, 'dist', 'playground')) => replace(folder, fill);

async function fill(folder) {
  await buildBeside({
    here,
    folder,
    files: ['icon.svg'],
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
  await buildPoints(join(folder, 'points'));
  await buildGo(join(folder, 'go'), '../lanewise');
}
