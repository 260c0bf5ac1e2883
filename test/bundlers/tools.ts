/** The app of test/bundlers/app through each bundler, in the way that docs/bundlers.md shows. */
import { cp, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../publish/packed.js';

const tools = join(root, '.engines', 'bundlers');

/** Whether `npm run tools` has fetched them. */
export const areThere = existsSync(join(tools, 'node_modules'));

// They are not ours to import: no types, and a path that is known only here.
type Tool = Record<string, (...args: unknown[]) => Promise<Record<string, unknown>>>;

async function load(name: string, path = join(tools, 'node_modules', name)): Promise<Tool> {
  const { module, main, exports } = createRequire(import.meta.url)(join(path, 'package.json'));
  const file = exports?.['.']?.import ?? module ?? main;
  return (await import(pathToFileURL(join(path, file?.default ?? file)).href)) as Tool;
}
