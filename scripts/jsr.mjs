// Makes dist/jsr, the package for JSR: the build for the web and its declarations. JSR prefers sources, but ours need built
// kernels and Node's module names. JSR requires explicit types of built code, which a comment points to, and paths with
// the extensions of real files.
//   node scripts/build.mjs && node scripts/jsr.mjs && cd dist/jsr && npx jsr publish --dry-run
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const folder = 'dist/jsr';

/** Copies a file with its text changed. */
function copy(from, to, change) {
  mkdirSync(join(folder, dirname(to)), { recursive: true });
  writeFileSync(join(folder, to), change(readFileSync(from, 'utf8')));
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE']) cpSync(file, join(folder, file));
cpSync('dist/THIRD-PARTY-LICENSES.txt', join(folder, 'THIRD-PARTY-LICENSES.txt'));
cpSync('dist/wasm', join(folder, 'wasm'), { recursive: true });

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
/** Exports with types can be imported, and the others are files; what is for no page is not of this package. */
const entries = Object.entries(manifest.exports).filter(
  ([, target]) => target.types && target.browser,
);
/** Copies from dist/ to dist/jsr. */
const placeOf = (path) => path.replace('./dist/src/', 'types/').replace('./dist/', '');

const withoutMap = (text) => text.replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
copy('dist/browser/worker.js', 'browser/worker.js', withoutMap);
for (const [, { types, browser }] of entries) {
  const told = `/* @ts-self-types="../${placeOf(types)}" */\n`;
  copy(browser, placeOf(browser), (text) => told + withoutMap(text));
}
for (const name of readdirSync('dist/src', { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  copy(join('dist/src', name), join('types', name), (text) =>
    text.replace(/((?:from |import\()['"]\.[^'"]+)\.js(['"])/g, '$1.d.ts$2'),
  );
}
const exports = Object.fromEntries(
  entries.map(([name, { browser }]) => [name, `./${placeOf(browser)}`]),
);
const { version, license } = manifest;
const jsr = { name: '@lanewise/lanewise', version, license, exports };
writeFileSync(join(folder, 'jsr.json'), `${JSON.stringify(jsr, null, 2)}\n`);
