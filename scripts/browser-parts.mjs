// The browser's package: the core is one file, index.js, which some environments embed by its path, and other entry points
// import what they need of it. esbuild puts what several entry points share into a chunk, which becomes index.js here: it
// exports the public names, and what the other entry points take under the same name after a `$`.
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const EXPORTS = /^export \{([^}]*)\};$/m;
const IMPORTS = /^import \{([^}]*)\} from "\.\/(chunk-\w+)\.js";$/gm;

/** `a as b` → [a, b], for each name of a list. */
const pairs = (list) =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => {
      const [from, to = from] = one.split(' as ');
      return [from, to];
    });

const list = (names) => `{\n${names.map(([from, to]) => `  ${from} as ${to}`).join(',\n')}\n}`;

/** An esbuild plugin: each of these entry points imports the whole core, so that all of it is in one chunk. */
export const onWholeCore = (core, parts) => ({
  name: 'whole core',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) =>
      parts.includes(path)
        ? {
            contents: `${readFileSync(path, 'utf8')}\nimport '${core}';\n`,
            loader: 'ts',
          }
        : undefined,
    );
  },
});

/** Makes the chunk that index.js imports index.js itself, in `folder`, for the other entry points too. */
export function mergeCore(folder, others) {
  const read = (name) => readFileSync(join(folder, name), 'utf8');
  const entry = read('index.js');
  const imported = [...entry.matchAll(IMPORTS)];
  const rest = entry
    .replace(IMPORTS, '')
    .replace(EXPORTS, '')
    .replaceAll(/^\/\/.*$/gm, '');
  if (imported.length !== 1 || rest.trim() !== '')
    throw new Error('the core is not one chunk: esbuild has split it otherwise');
  const [[, names, chunk]] = imported;
  const local = new Map(pairs(names).map(([from, to]) => [to, from]));
  const text = read(`${chunk}.js`);
  const inChunk = new Map(pairs(EXPORTS.exec(text)[1]).map(([from, to]) => [to, from]));
  const open = pairs(EXPORTS.exec(entry)[1]).map(([from, to]) => [
    inChunk.get(local.get(from)),
    to,
  ]);
  const taken = new Set();
  for (const file of readdirSync(folder)) {
    if (!others.includes(file) && !/^chunk-\w+\.js$/.test(file)) continue;
    if (file === `${chunk}.js`) continue;
    const changed = read(file).replaceAll(IMPORTS, (whole, own, from) => {
      if (from !== chunk) return whole;
      const renamed = pairs(own).map(([name, to]) => {
        taken.add(name);
        return [`$${name}`, to];
      });
      return `import ${list(renamed).replaceAll(/\n\s*/g, ' ')} from "./index.js";`;
    });
    writeFileSync(join(folder, file), withoutChunk(changed, chunk));
  }
  const hidden = [...taken].toSorted().map((name) => [inChunk.get(name), `$${name}`]);
  const merged = text
    .replace(EXPORTS, () => `export ${list([...open, ...hidden])};`)
    .replace(`${chunk}.js.map`, 'index.js.map');
  writeFileSync(join(folder, 'index.js'), merged);
  rmSync(join(folder, `${chunk}.js`));
  renameSync(join(folder, `${chunk}.js.map`), join(folder, 'index.js.map'));
}

/** The text without the import that only begins the chunk; its line stays empty, for the source map. */
const withoutChunk = (text, chunk) => text.replace(`import "./${chunk}.js";`, '');
