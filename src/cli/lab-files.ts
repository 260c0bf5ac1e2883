/** The files of labs: those of the package, and a user's own. */
import { readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LanewiseError, nearest } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import { isFile } from '../node/files.js';
import { GROUPS, lab, type Lab } from '../lab/lab.js';
import { untilItEnds } from './lab-faults.js';

const folder = fileURLToPath(new URL('../../../labs/', import.meta.url));

const isLab = (value: unknown): value is Lab =>
  typeof (value as Lab | undefined)?.run === 'function' &&
  typeof (value as Lab).name === 'string' &&
  typeof (value as Lab).settings === 'object';

async function labIn(path: string): Promise<Lab> {
  const { default: found } = (await import(pathToFileURL(path).href)) as { default?: unknown };
  if (isLab(found)) return lab(found);
  throw new LanewiseError(
    'file',
    `'${path}' holds no lab, expected: export default lab({ … })`,
    "import { lab } from 'lanewise/lab'",
  );
}

async function namesOfLabs(): Promise<string[]> {
  try {
    const files = await readdir(folder);
    return files.filter((file) => file.endsWith('.mjs')).map((file) => basename(file, '.mjs'));
  } catch (error) {
    throw fileError(`cannot read the labs in '${folder}'`, error);
  }
}

/** All labs of the package, by group in the order of a course. */
export async function allLabs(): Promise<Lab[]> {
  const names = await namesOfLabs();
  const labs = await Promise.all(names.toSorted().map((name) => labIn(`${folder}${name}.mjs`)));
  return labs.toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
}

/**
 * The lab of that name, or in that file.
 * @throws LanewiseError kind 'argument' for an unknown name, with the nearest; kind 'file' for a file without a lab.
 */
export async function findLab(name: string): Promise<Lab> {
  if (/\.[cm]?js$/.test(name)) {
    if (await isFile(name)) return untilItEnds(`the lab in '${name}'`, () => labIn(resolve(name)));
    throw new LanewiseError('file', `'${name}' does not exist, expected a lab's file`);
  }
  const names = await namesOfLabs();
  if (names.includes(name)) return labIn(`${folder}${name}.mjs`);
  if (/[./\\]/.test(name))
    throw new LanewiseError(
      'file',
      `'${name}' is no file of a lab, expected a name that ends in .mjs or .js`,
      'npx lanewise lab lists the labs of the package',
    );
  throw new LanewiseError(
    'argument',
    `unknown lab '${name}', expected one of ${names.toSorted().join(', ')}, or a file`,
    nearest(name, names) ?? 'npx lanewise lab lists them with their titles',
  );
}
