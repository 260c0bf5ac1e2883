// The watch: builds what changes and runs the tests that the change concerns, `npm run dev -- [part of a path …]`. With parts
// of paths it runs the files that they name; without, those whose imports lead to the change, nearest first, except slow
// ones. Another change stops the tests that still run.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, watch } from 'node:fs';
import { join, normalize } from 'node:path';
import { build, context } from 'esbuild';
import { clusters, javaScript, recordings, root, sources, wholes } from './javascript.mjs';
import { runFiles, testFiles } from './test-files.mjs';

process.chdir(root);
const folders = ['assembly', 'src', 'test', 'workers'];
const filters = process.argv.slice(2);

/** Runs the whole build: the first time, and for kernels, which are compiled for every engine. */
function buildAll() {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--tests'], {
    stdio: 'inherit',
  });
  return status === 0;
}

/** Sources that a file names by a path relative to it, be it in an import or in a URL, as all are in dist/ too. */
function namedIn(file) {
  const text = readFileSync(file, 'utf8');
  const relative = [...text.matchAll(/['"](\.{1,2}\/[^'"]+)\.js['"]/g)].map(([, path]) =>
    normalize(join(file, '..', `${path}.ts`)),
  );
  const platform = [...text.matchAll(/'#platform\/([\w-]+)\.js'/g)].map(([, name]) =>
    join('src', 'node', `${name}.ts`),
  );
  const recording = text.includes("'#recording'") ? [recordings.node] : [];
  const cluster = text.includes("'#cluster'") ? [clusters.node] : [];
  return [...relative, ...platform, ...recording, ...cluster].filter((path) => existsSync(path));
}

/** Files that lead to one of `changed`, with the number of steps. */
function distancesTo(changed) {
  const users = new Map();
  for (const file of folders.flatMap(sources))
    for (const named of namedIn(file)) users.set(named, [...(users.get(named) ?? []), file]);
  const distances = new Map(changed.map((file) => [file, 0]));
  for (const [file, distance] of distances)
    for (const user of users.get(file) ?? [])
      if (!distances.has(user)) distances.set(user, distance + 1);
  return distances;
}

/** Whether kernels are compiled from the file. */
const isKernels = (file) => /^assembly|^src\/program\/(\w+-rows|scratch)\.ts$/.test(file);

/** The tests to run: a change of kernels concerns all of them. */
function concerned(changed) {
  if (filters.length > 0) return testFiles(filters);
  const quick = testFiles().filter(({ isSlow }) => !isSlow);
  if (changed.some(isKernels)) return quick;
  const distances = distancesTo(changed);
  const distanceOf = ({ name }) => distances.get(join('test', name));
  return quick
    .filter((file) => distanceOf(file) !== undefined)
    .toSorted((a, b) => distanceOf(a) - distanceOf(b));
}

const workers = await context(wholes);

/** Builds each source file, and the threads' scripts; other bundles stay as the last whole build left them. */
async function buildChanged(changed) {
  if (changed.some(isKernels)) return buildAll();
  try {
    const entryPoints = changed.filter((file) => existsSync(file));
    await build({ ...javaScript, entryPoints });
    if (changed.some((file) => !file.startsWith('test'))) await workers.rebuild();
    return true;
  } catch {
    return false; // esbuild has said why
  }
}

let pending = new Set();
let running = Promise.resolve();
let stop = new AbortController();

async function respond() {
  const changed = [...pending];
  pending = new Set();
  if (changed.length === 0) return;
  stop = new AbortController();
  console.log(`\n${changed.join(', ')}`);
  if (!(await buildChanged(changed)) || stop.signal.aborted) return;
  const files = concerned(changed);
  if (files.length === 0) return console.log('no test is concerned');
  const { passed, failed } = await runFiles(files, 2, stop.signal);
  if (!stop.signal.aborted) console.log(`${passed} passed, ${failed} failed`);
}

function note(file) {
  if (!file.endsWith('.ts')) return;
  pending.add(file);
  stop.abort();
  // Editors write a file in several steps.
  setTimeout(() => (running = running.then(respond)), 50);
}

if (!buildAll()) process.exitCode = 1;
for (const folder of folders)
  watch(folder, { recursive: true }, (_, name) => name && note(join(folder, name)));
console.log(`watching ${folders.join(', ')}; Ctrl+C ends it`);
