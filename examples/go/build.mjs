// Builds the page of Go into dist/go, a folder of static files for any host; the net is in the page's script.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBeside, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/**
 * @param {string} folder the output folder, which is deleted first.
 * @param {string} [lanewise] where the package is, from the page; by default it is copied beside it.
 */
export const buildGo = (folder = join(root, 'dist', 'go'), lanewise) =>
  buildBeside({
    here,
    folder,
    lanewise,
    files: ['icon.svg', 'thumbnail.svg'],
    entryPoints: { page: join(here, 'page.mjs'), style: join(here, 'style.css') },
    loader: { '.safetensors': 'binary' },
  });
