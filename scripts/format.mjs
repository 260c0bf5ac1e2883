// Formats with prettier, the files named or all; with --check only reports. AssemblyScript puts decorators on plain functions,
// which TypeScript's grammar does not allow: they travel through prettier as comments.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as prettier from 'prettier';

const check = process.argv.includes('--check');
const roots = ['assembly', 'src', 'workers', 'test', 'scripts', 'docs', 'examples', 'bench'];
const loose = readdirSync('.').filter(
  (name) => /\.(json|md)$/.test(name) && name !== 'package-lock.json',
);

function files(folder) {
  let names = [];
  try {
    names = readdirSync(folder, { recursive: true });
  } catch {
    return []; // a folder that does not exist yet
  }
  return names
    .map((name) => join(folder, name))
    .filter((name) => /\.(ts|mjs|js|json|md)$/.test(name) && !/golden.*\.json$/.test(name))
    .filter((name) => !/node_modules|package-lock/.test(name) && statSync(name).isFile());
}

const hide = (text) =>
  text.replace(/^@(inline|unsafe|lazy)$/gm, '//@@$1').replace(/^@(inline|lazy) /gm, '/*@@$1*/ ');
const show = (text) =>
  text.replace(/^\/\/@@(\w+)$/gm, '@$1').replace(/^\/\*@@(\w+)\*\/ /gm, '@$1 ');

const options = JSON.parse(readFileSync('.prettierrc.json', 'utf8'));
const named = process.argv.slice(2).filter((argument) => argument !== '--check');
const unformatted = [];
for (const file of named.length > 0 ? named : [...loose, ...roots.flatMap(files)]) {
  const before = readFileSync(file, 'utf8');
  const isAssembly = file.startsWith('assembly');
  const formatted = await prettier.format(isAssembly ? hide(before) : before, {
    ...options,
    filepath: file,
  });
  const after = isAssembly ? show(formatted) : formatted;
  if (after === before) continue;
  unformatted.push(file);
  if (!check) writeFileSync(file, after);
}
if (unformatted.length > 0)
  console.log(`${check ? 'not formatted' : 'formatted'}: ${unformatted.join(', ')}`);
if (check && unformatted.length > 0) process.exit(1);
