// Makes the package for npm in dist/npm: the files that package.json lists, and package.json without the fields that only a
// clone needs. `prepare` is one of these: npm warns of install scripts, and the published package has none.
//   npm run stage      builds, stages, and writes the tarball that `npm install FILE` takes
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const staged = join(root, 'dist', 'npm');

/** Copies the built files; resolves to the folder. */
export function stage() {
  const flags = ['pack', '--ignore-scripts', '--dry-run', '--json'];
  const said = execFileSync('npm', flags, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 24 });
  rmSync(staged, { recursive: true, force: true });
  for (const { path } of JSON.parse(said)[0].files) {
    mkdirSync(dirname(join(staged, path)), { recursive: true });
    cpSync(join(root, path), join(staged, path));
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  delete manifest.scripts;
  delete manifest.devDependencies;
  // The bundles contain what these names stand for.
  delete manifest.imports;
  writeFileSync(join(staged, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return staged;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
  const flags = ['pack', stage(), '--pack-destination', join(root, 'dist')];
  const said = execFileSync('npm', flags, { cwd: root, encoding: 'utf8' });
  console.log(`npm install ${join(root, 'dist', said.trim().split('\n').at(-1))}`);
}
