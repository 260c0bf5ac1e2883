// dist/jsr: what JSR gets, the build for the web and its declarations. JSR would rather have sources, but ours need their
// kernels built, and Node's module names; what it demands of built code are explicit types, which it is told of in
// a comment, and paths with the extensions of real files.
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
for (const file of ['jsr.json', 'README.md', 'CHANGELOG.md', 'LICENSE'])
  cpSync(file, join(folder, file));
cpSync('dist/THIRD-PARTY-LICENSES.txt', join(folder, 'THIRD-PARTY-LICENSES.txt'));
cpSync('dist/wasm', join(folder, 'wasm'), { recursive: true });

const withoutMap = (text) => text.replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
copy('dist/browser/worker.js', 'browser/worker.js', withoutMap);
// JSR reads what a package exports; its declarations lie below types/ as the sources below src/.
const { exports } = JSON.parse(readFileSync('jsr.json', 'utf8'));
for (const path of Object.values(exports)) {
  const name = path.replace('./browser/', '').replace('.js', '');
  const types = `/* @ts-self-types="../types/${name}.d.ts" */\n`;
  copy(`dist/browser/${name}.js`, path, (text) => types + withoutMap(text));
}
for (const name of readdirSync('dist/src', { recursive: true })) {
  if (!name.endsWith('.d.ts')) continue;
  copy(join('dist/src', name), join('types', name), (text) =>
    text.replace(/((?:from |import\()['"]\.[^'"]+)\.js(['"])/g, '$1.d.ts$2'),
  );
}
