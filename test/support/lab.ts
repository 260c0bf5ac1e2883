/** Labs in tests: loaded as the package's users load them, run in their small form, and held to what they expect. */
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Figure, Lab } from '../../src/lab/lab.js';
import type { LabResult, RunLabOptions } from '../../src/lab/run-lab.js';

export const labsFolder = fileURLToPath(new URL('../../../labs/', import.meta.url));

/** The names of all labs of the package. */
export const labNames = (): string[] =>
  readdirSync(labsFolder)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => basename(file, '.mjs'))
    .toSorted();

/** The package as labs import it: one copy of it, with theirs. */
const bundle = new URL('../../src/bundle/lab.js', import.meta.url).href;
export const { runLab, labPage } = (await import(
  bundle
)) as typeof import('../../src/lab/index.js');

export async function loadLab(name: string): Promise<Lab> {
  const file = pathToFileURL(join(labsFolder, `${name}.mjs`)).href;
  return ((await import(file)) as { default: Lab }).default;
}

/** A run of a lab in its small form, which is held to what it expects unless it has other settings. */
export async function runSmall(name: string, options: RunLabOptions = {}): Promise<LabResult> {
  const result = await runLab(await loadLab(name), { form: 'small', ...options });
  if (options.settings === undefined) checkExpected(result);
  if (options.settings === undefined && options.data === undefined) checkHash(result);
  checkPage(result);
  return result;
}

/** Figures that lie elsewhere than they are expected to; time is not compared. */
export const unexpected = ({ figures }: LabResult): string[] =>
  comparedOf(figures)
    .filter(({ value, expected }) => !(value >= expected![0]! && value <= expected![1]!))
    .map(({ name, value, expected }) => `${name} is ${value}, expected ${expected!.join(' to ')}`);

const comparedOf = (figures: readonly Figure[]): Figure[] =>
  figures.filter(({ expected, format }) => expected && format !== 'seconds');

function checkExpected(result: LabResult): void {
  assert.ok(comparedOf(result.figures).length > 0, 'something is expected of a figure');
  assert.equal(unexpected(result), []);
  assert.match(result.sha256, /^[\da-f]{64}$/);
}

/**
 * The hash is the recorded one (scripts/labs-page.mjs), of a run with as many workers as that machine had. So a run with
 * none, or on another engine, has to get the same.
 */
function checkHash({ lab, sha256 }: LabResult): void {
  const file = join(labsFolder, '..', 'docs', 'labs', `${lab.name}.json`);
  if (!existsSync(file)) return;
  const { small } = JSON.parse(readFileSync(file, 'utf8')) as { readonly small: string };
  assert.is(sha256, small, `recorded by node scripts/labs-page.mjs ${lab.name}`);
}

/** The page of a lab has all that it shows in it, and runs nothing. */
function checkPage(result: LabResult): void {
  const page = labPage(result);
  assert.not.match(page, /<script|javascript:|\bon\w+="/i);
  const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, one]) => one!);
  const papers = result.lab.papers.map(({ link }) => link);
  const outside = addresses.filter((one) => !/^(data:|#)/.test(one) && !papers.includes(one));
  assert.equal(outside, []);
  // Three letters of base64 may be NaN.
  const markup = page.replaceAll(/data:[^"]*/g, '');
  assert.not.match(markup, /url\((?!#)|NaN|undefined|\[object/);
}

/** The value of one of a run's figures. */
export function figureOf({ lab, figures }: LabResult, name: string): number {
  const found = figures.find((one) => one.name === name);
  assert.ok(
    found,
    `lab '${lab.name}' has no figure '${name}': ${figures.map((one) => one.name).join(', ')}`,
  );
  return found!.value;
}
