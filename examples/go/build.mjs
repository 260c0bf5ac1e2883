// Builds the page of Go into dist/go, a folder of static files for any host; the net is in the page's script.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBeside, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/** @param {string} folder the output folder, which is deleted first. */
export const buildGo = (folder = join(root, 'dist', 'go')) =>
  buildBeside({
    here,
    folder,
    files: ['index.html', 'style.css', 'icon.svg'],
    entryPoints: { page: join(here, 'page.mjs') },
    loader: { '.safetensors': 'binary' },
  });
