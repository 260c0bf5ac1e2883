// Writes dist/THIRD-PARTY-LICENSES.txt: the licence of every package that is bundled into dist/. The bundles' source maps
// say which packages those are.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULE = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** Packages without a licence file, and the package of the same project that has it. */
const SIBLINGS = { '@assemblyscript/loader': 'assemblyscript' };

/** The working directory is the package's. */
export function writeLicences() {
  const maps = ['browser', 'src/bundle', 'workers'].flatMap((folder) =>
    readdirSync(join('dist', folder))
      .filter((name) => name.endsWith('.js.map'))
      .map((name) => join(folder, name)),
  );
  const packages = new Set(
    maps.flatMap((name) => {
      const { sources } = JSON.parse(readFileSync(join('dist', name), 'utf8'));
      return sources.flatMap((source) => MODULE.exec(source)?.[1] ?? []);
    }),
  );
  const texts = [...packages].toSorted().map((name) => {
    const folder = join('node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const home = join('node_modules', SIBLINGS[name] ?? name);
    const file = readdirSync(home).find((file) => /^licen[cs]e/i.test(file));
    if (!file) throw new Error(`${name} is bundled, and there is no licence file in ${home}`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(home, file), 'utf8').trim()}\n`;
  });
  writeFileSync('dist/THIRD-PARTY-LICENSES.txt', texts.join(`\n${'-'.repeat(80)}\n\n`));
}
