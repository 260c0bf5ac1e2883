// Writes the type declarations of what package.json exports, and no others: tsc writes one for every source file
// that it reads, and those that no public type leads to are deleted.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const SPECIFIER = /(?:from |import\()['"](\.[^'"]+)\.js['"]/g;

/** Declarations that `file` leads to, itself included. */
function reached(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(SPECIFIER))
    reached(normalize(join(file, '..', `${path}.d.ts`)), found);
  return found;
}

/** Every `types` below package.json's exports. */
function entryPoints(exports) {
  return Object.entries(exports).flatMap(([key, value]) => {
    if (key === 'types') return [normalize(value)];
    return typeof value === 'object' ? entryPoints(value) : [];
  });
}

/** Writes the declarations into dist/src. The working directory is the package's. */
export function buildTypes() {
  const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const declarations = () =>
    ['dist/src', 'dist/workers'].filter(existsSync).flatMap((folder) =>
      readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith('.d.ts'))
        .map((name) => join(folder, name)),
    );
  // Declarations of deleted sources must not be found.
  for (const file of declarations()) rmSync(file);
  const flags = ['--project', 'tsconfig.types.json'];
  const { status } = spawnSync(process.execPath, [tsc, ...flags], { stdio: 'inherit' });
  if (status !== 0) throw new Error('tsc found errors (above)');
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const kept = new Set(entryPoints(exports).flatMap((file) => [...reached(file)]));
  for (const file of declarations()) if (!kept.has(file)) rmSync(file);
}
