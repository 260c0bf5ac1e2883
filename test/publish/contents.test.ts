/** `npm publish` would send all files that are needed, and nothing else. */
// slow: packs the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { pack, root, unpack, type Packed } from './packed.js';

const EXPECTED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/THIRD-PARTY-LICENSES\.txt)$/,
  /^dist\/src\/bundle\/[\w.-]+\.js(\.map)?$/,
  /^dist\/src\/[\w/.-]+\.d\.ts$/,
  /^dist\/browser\/[\w.-]+\.js(\.map)?$/,
  /^dist\/workers\/[\w-]+\.js(\.map)?$/,
  /^dist\/wasm\/[\w-]+\.wasm$/,
  /^dist\/report\/page\.(js|css)$/,
  /^labs\/([\w-]+\/)?[\w-]+\.mjs$/,
];
// lanewise/onnx, lanewise/import and lanewise/quantize, for Node and for pages, are over 1 MB of it, with their sources for debuggers.
const MAX_PACKED_BYTES = 5.5e6;

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

/** Files that package.json points to, wildcards aside. */
function pointedTo(value: unknown): string[] {
  if (typeof value === 'string') return value.includes('*') ? [] : [normalize(value)];
  return Object.values(value as object).flatMap(pointedTo);
}

let folder: string;
let packed: Packed;
let installed: string;
let paths: string[];
const text = (path: string): Promise<string> => readFile(join(installed, path), 'utf8');

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-pack-'));
  packed = await pack();
  installed = await unpack(packed, folder);
  paths = packed.files.map(({ path }) => path);
  const kb = (bytes: number): string => `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
  console.log(
    `  ${paths.length} files, ${kb(packed.size)} packed, ${kb(packed.unpackedSize)} unpacked`,
  );
});

test.after(() => rm(folder, { recursive: true, force: true }));

test('only what is needed', () => {
  const others = paths.filter((path) => !EXPECTED.some((pattern) => pattern.test(path)));
  assert.equal(others, [], 'package.json "files" lets in what EXPECTED does not know');
  assert.ok(packed.size < MAX_PACKED_BYTES, `${packed.size} bytes`);
});

test('licences, readme, changelog, and every file that package.json points to', async () => {
  const { exports, bin, imports = {} } = JSON.parse(await text('package.json'));
  const needed = ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/THIRD-PARTY-LICENSES.txt'];
  for (const path of [...needed, ...pointedTo(exports), ...pointedTo(bin), ...pointedTo(imports)])
    assert.ok(paths.includes(path), `${path} is not in the package`);
  const targets = JSON.parse(await readFile(join(root, 'asconfig.json'), 'utf8')).targets;
  for (const target of Object.keys(targets))
    assert.ok(paths.includes(`dist/wasm/${target}.wasm`), `${target}.wasm is not in the package`);
});

test('it has no install scripts, and asks for nothing that only a clone needs', async () => {
  const { scripts = {}, devDependencies = {} } = JSON.parse(await text('package.json'));
  assert.equal({ ...scripts, ...devDependencies }, {});
});

test('a bundle that holds a package has its licence in the list', async () => {
  const list = await text('dist/THIRD-PARTY-LICENSES.txt');
  for (const name of ['pbf'])
    assert.match(list, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
});

test('every source map is there, with its sources in it', async () => {
  let count = 0;
  for (const path of paths.filter((path) => path.endsWith('.js'))) {
    const [, name] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(await text(path)) ?? [];
    if (!name) continue;
    const map = JSON.parse(await text(join(path, '..', name))) as SourceMap;
    const missing = map.sources.filter((_, i) => !map.sourcesContent?.[i]);
    assert.equal(missing, [], `${name} has no text of these sources`);
    count++;
  }
  const maps = paths.filter((path) => path.endsWith('.map'));
  assert.is(count, maps.length, 'maps that no file names');
  assert.ok(count > 10);
});

test.run();
