/** The files that belong to a file: those of its own folder, by the names that it has for them. */
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { readSource } from '../data/file-source.js';

/**
 * Their contents by these names.
 * @throws LanewiseError kind 'file' for a file that is missing, or outside the folder.
 */
export async function filesBeside(
  path: string,
  names: Iterable<string>,
): Promise<Record<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const name of new Set(names)) {
    const inside = normalize(name);
    if (isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`))
      throw new LanewiseError(
        'file',
        `'${path}' has weights in '${name}', expected a file of its own folder`,
      );
    const bytes = await readSource('weights', join(dirname(path), inside)).catch((cause: Error) => {
      throw new LanewiseError(
        'file',
        `'${path}' has weights in '${name}', which cannot be read: ${cause.message}`,
        'the model is two files or more: put them into one folder',
        { cause },
      );
    });
    found.set(name, bytes);
  }
  return Object.fromEntries(found);
}
