/** The package as `npm publish` would send it: built types, packed, and unpacked again. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export const run = promisify(execFile);

export interface PackedFile {
  readonly path: string;
  readonly size: number;
}

export interface Packed {
  /** Path of the .tgz. */
  readonly tarball: string;
  /** Bytes, packed and unpacked. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly PackedFile[];
}

const cache = join(root, 'dist', 'packed');

/** The time of the last change to anything that is packed or packing depends on. */
async function newest(): Promise<number> {
  const folders = [
    'src',
    'dist/browser',
    'dist/report',
    'dist/src/bundle',
    'dist/wasm',
    'dist/workers',
  ];
  const inside = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(root, folder), { recursive: true });
      return names.filter((name) => !name.endsWith('.d.ts')).map((name) => join(folder, name));
    }),
  );
  const others = [
    'package.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'scripts/types.mjs',
    'scripts/stage.mjs',
  ];
  const stats = await Promise.all(
    [...others, ...inside.flat()].map((path) => stat(join(root, path))),
  );
  return Math.max(...stats.map(({ mtimeMs }) => mtimeMs));
}

/** Packs dist/ with freshly built types, once for all tests of a build, of which two may run at a time. */
export async function pack(): Promise<Packed> {
  const lock = join(root, 'dist', 'packing');
  for (let tries = 0; ; tries++) {
    const isOurs = await mkdir(lock).then(
      () => true,
      () => false,
    );
    // Nobody packs for five minutes: that one was killed.
    if (isOurs || tries > 1500) break;
    await setTimeout(200);
  }
  try {
    return await packOnce();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function packOnce(): Promise<Packed> {
  const time = await newest();
  const note = join(cache, 'packed.json');
  const known = await readFile(note, 'utf8').then(
    (text) => JSON.parse(text) as { readonly time: number; readonly packed: Packed },
    () => undefined,
  );
  if (known?.time === time) return known.packed;
  const types =
    "const { buildTypes } = await import('./scripts/types.mjs'); buildTypes(); const { stage } = await import('./scripts/stage.mjs'); stage();";
  await run(process.execPath, ['--input-type=module', '-e', types], { cwd: root });
  await rm(cache, { recursive: true, force: true });
  await mkdir(cache);
  const flags = ['--ignore-scripts', '--json', '--pack-destination', cache];
  const from = join(root, 'dist', 'npm');
  const { stdout } = await run('npm', ['pack', from, ...flags], { cwd: root, maxBuffer: 1 << 24 });
  const [result] = JSON.parse(stdout) as [Omit<Packed, 'tarball'> & { readonly filename: string }];
  const { filename, size, unpackedSize, files } = result;
  const packed = { tarball: join(cache, filename), size, unpackedSize, files };
  await writeFile(note, JSON.stringify({ time, packed }));
  return packed;
}

/** Unpacks it to `folder`/node_modules/lanewise, without what it depends on. */
export async function unpack({ tarball }: Packed, folder: string): Promise<string> {
  const modules = join(folder, 'node_modules');
  await mkdir(modules, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', modules]);
  const installed = join(modules, 'lanewise');
  await rename(join(modules, 'package'), installed);
  return installed;
}
