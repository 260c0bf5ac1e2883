/** JavaScript engines besides Node, where they are installed. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const engines = fileURLToPath(new URL('../../../.engines/', import.meta.url));

/**
 * Deno or Bun: the environment's DENO or BUN, what `npm run engines` has put into .engines/, or the first on the path;
 * undefined where there is none.
 */
export function findRuntime(name: 'deno' | 'bun'): string | undefined {
  const folders = [
    join(engines, name, 'node_modules', '.bin'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const known = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return process.env[name.toUpperCase()] ?? known;
}
