// Writes the entry points of the Wasm builds from the table of kernels (src/program/kernel-table.ts). The sources in assembly/
// say which file has a kernel.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

/** The exports besides kernels that `lanewise/inference` needs of a build, and those that the other builds need as well; those of the int8 builds. */
const INFERENCE = ['heapBase', 'spellLoads'];
const INT8 = ['heapBase', 'byteDot', 'frameSamples'];
const ALL = [...INFERENCE, 'CEILING_MADDS', 'ceiling', 'multiplyAdd'];

/** Names of kernels in the three tables, which are TypeScript. */
async function readTables() {
  const contents = `
    export { inferenceKernels } from './src/program/inference-rows.ts';
    export { int8Kernels } from './src/program/int8-rows.ts';
    export { trainingKernels } from './src/program/training-rows.ts';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const tables = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return [tables.inferenceKernels, tables.trainingKernels, tables.int8Kernels].map(Object.keys);
}

/** Files of assembly/ by the names that they export. */
function exportsByName() {
  const files = new Map();
  for (const file of readdirSync('assembly').filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(`assembly/${file}`, 'utf8');
    for (const [, name] of text.matchAll(/^export (?:function|const) (\w+)/gm))
      files.set(name, [...(files.get(name) ?? []), file.slice(0, -'.ts'.length)]);
  }
  return files;
}

/** One `export { … } from …` a file. @throws for a name that no file exports, or two. */
function entryPoint(names, files) {
  const lists = new Map();
  for (const name of names.toSorted((a, b) => a.localeCompare(b, 'en'))) {
    const [file, another] = files.get(name) ?? [];
    if (!file || another)
      throw new Error(`${name} is in ${file ? `${file} and ${another}` : 'no file'} of assembly/`);
    lists.set(file, [...(lists.get(file) ?? []), name]);
  }
  return [...lists.keys()]
    .toSorted()
    .map((file) => `export { ${lists.get(file).join(', ')} } from '../../assembly/${file}';\n`)
    .join('');
}

/** Writes `index.ts`, of all float kernels, `inference.ts` and `int8.ts` into `folder`, two below the root. */
export async function writeEntryPoints(folder) {
  const [inference, training, int8] = await readTables();
  const files = exportsByName();
  mkdirSync(folder, { recursive: true });
  const all = [...inference, ...training, ...ALL];
  writeFileSync(`${folder}/index.ts`, entryPoint(all, files));
  writeFileSync(`${folder}/inference.ts`, entryPoint([...inference, ...INFERENCE], files));
  writeFileSync(`${folder}/int8.ts`, entryPoint([...int8, ...INT8], files));
}
