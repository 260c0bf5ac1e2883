/**
 * JavaScript runtimes beside the one that runs the tests: the environment's DENO, BUN and so on, what `npm run engines`
 * has put into .engines/, or the first on the path.
 */
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../.engines/', import.meta.url));

export type EngineName = 'node22' | 'node24' | 'node26' | 'deno' | 'bun' | 'workerd';

/** Where a runtime's binary lies in .engines/<name>/node_modules/: its scope or package, and the file in it. */
const places: Readonly<Record<EngineName, readonly [package_: RegExp, file: string]>> = {
  node22: [/^node-/, 'bin/node'],
  node24: [/^node-/, 'bin/node'],
  node26: [/^node-/, 'bin/node'],
  deno: [/^@deno$/, 'deno'],
  bun: [/^@oven$/, 'bin/bun'],
  workerd: [/^@cloudflare$/, 'bin/workerd'],
};

const list = (path: string): string[] => (existsSync(path) ? readdirSync(path).toSorted() : []);

/** The path of a runtime's binary; undefined where there is none. */
export function findEngine(name: EngineName): string | undefined {
  const [package_, file] = places[name];
  const modules = join(folder, name, 'node_modules');
  const packages = list(modules)
    .filter((entry) => package_.test(entry))
    .map((entry) => join(modules, entry))
    .flatMap((path) => (path.includes('@') ? list(path).map((entry) => join(path, entry)) : path));
  return (
    packages.map((path) => join(path, file)).find((path) => existsSync(path)) ?? onPath([name])
  );
}

/** Those of the engines that run the package's command which are installed, and with what words each begins. */
export function otherEngines(): { readonly name: string; readonly command: readonly string[] }[] {
  const found = (['node22', 'node24', 'node26', 'deno', 'bun'] as const).flatMap((name) => {
    const path = findEngine(name);
    return path ? [{ name, command: name === 'deno' ? [path, 'run', '-A'] : [path] }] : [];
  });
  if (found.length === 0)
    console.log('  only this engine is installed; `npm run engines` has others');
  return found;
}

/** The first of these programs that the environment's path has. */
export function onPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .flatMap((each) => names.map((name) => join(each, name)))
    .find((path) => existsSync(path));
}
