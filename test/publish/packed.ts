/** The package as `npm publish` would send it: built types, packed, and unpacked again. */
import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Packs what is in dist/, with types built anew, into `folder`. */
export async function pack(folder: string): Promise<Packed> {
  const types = "const { buildTypes } = await import('./scripts/types.mjs'); buildTypes();";
  await run(process.execPath, ['--input-type=module', '-e', types], { cwd: root });
  const flags = ['--ignore-scripts', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', ['pack', ...flags], { cwd: root, maxBuffer: 1 << 24 });
  const [result] = JSON.parse(stdout) as [Omit<Packed, 'tarball'> & { readonly filename: string }];
  const { filename, size, unpackedSize, files } = result;
  return { tarball: join(folder, filename), size, unpackedSize, files };
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
