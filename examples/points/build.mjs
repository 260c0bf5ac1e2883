// Builds the page of points into dist/points, a folder of static files for any host.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWithin, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/** @param {string} folder the output folder, which is deleted first. */
export const buildPoints = (folder = join(root, 'dist', 'points')) =>
  buildWithin({
    here,
    folder,
    files: ['icon.svg', 'thumbnail.svg'],
    wasm: ['strict'],
    entryPoints: {
      page: join(here, 'page/main.mjs'),
      'code/engine': join(here, 'engine.mjs'),
      style: join(here, 'style.css'),
    },
  });
