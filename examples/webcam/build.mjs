// Builds the webcam's page into dist/webcam, a folder of static files for any host.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBeside, root } from '../shared/beside.mjs';

const here = fileURLToPath(new URL('./', import.meta.url));

/** @param {string} folder the output folder, which is deleted first. */
export const buildWebcam = (folder = join(root, 'dist', 'webcam')) =>
  buildBeside({
    here,
    folder,
    files: ['icon.svg'],
    entryPoints: {
      page: join(here, 'page.ts'),
      engine: join(here, 'engine.ts'),
      style: join(here, 'style.css'),
    },
  });
