// Formats the named files, or all, with prettier; with --check it only reports. It remembers formatted files in
// node_modules/.cache, so that only changed ones cost time. AssemblyScript puts decorators on plain functions,
// which TypeScript's grammar does not allow, so prettier sees them as comments.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const check = process.argv.includes('--check');
const roots = [
  'assembly',
  'src',
  'workers',
  'test',
  'scripts',
  'docs',
  'examples',
  'labs',
  'bench',
];
const loose = readdirSync('.').filter(
  (name) => /\.(json|md)$/.test(name) && name !== 'package-lock.json',
);
const memory = 'node_modules/.cache/lanewise/formatted.json';

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

const options = readFileSync('.prettierrc.json', 'utf8');
/** Everything besides its text that determines a file's format. */
const rules =
  options +
  readFileSync('node_modules/prettier/package.json', 'utf8') +
  readFileSync('scripts/format.mjs', 'utf8');

/** The hash of a file's name and text: the extension chooses the grammar. */
const hashOf = (file, text) =>
  createHash('sha256').update(rules).update(file).update('\0').update(text).digest('base64');

function remembered() {
  try {
    return new Set(JSON.parse(readFileSync(memory, 'utf8')));
  } catch {
    return new Set();
  }
}

async function formatted(file, text) {
  const prettier = await import('prettier');
  const isAssembly = file.startsWith('assembly');
  const result = await prettier.format(isAssembly ? hide(text) : text, {
    ...JSON.parse(options),
    filepath: file,
  });
  return isAssembly ? show(result) : result;
}

const named = process.argv.slice(2).filter((argument) => argument !== '--check');
const known = remembered();
const inOrder = new Set(named.length > 0 ? known : []);
const unformatted = [];
for (const file of named.length > 0 ? named : [...loose, ...roots.flatMap(files)]) {
  const before = readFileSync(file, 'utf8');
  const hash = hashOf(file, before);
  const after = known.has(hash) ? before : await formatted(file, before);
  if (after !== before) {
    unformatted.push(file);
    if (!check) writeFileSync(file, after);
  }
  if (after === before || !check) inOrder.add(hashOf(file, after));
}
mkdirSync(dirname(memory), { recursive: true });
writeFileSync(memory, JSON.stringify([...inOrder]));
if (unformatted.length > 0)
  console.log(`${check ? 'not formatted' : 'formatted'}: ${unformatted.join(', ')}`);
if (check && unformatted.length > 0) process.exit(1);
