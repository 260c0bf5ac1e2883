/** The layout is the architecture: a file's folder says what it may import. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** What readers and writers of other programs' models stand on. */
const foreign = [
  'crew',
  'data',
  'engine',
  'formats',
  'graph',
  'layers',
  'losses',
  'ops',
  'program',
  'trained',
] as const;

/** Folder → folders it may import from, besides itself and `base`, which is everybody's. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  program: [],
  graph: ['program'],
  ops: ['graph', 'program'],
  compiler: ['graph', 'ops', 'program'],
  platform: [],
  engine: ['platform', 'program'],
  layers: ['graph', 'ops'],
  losses: ['graph', 'ops'],
  optimizers: ['program'],
  node: ['platform'],
  formats: ['node', 'platform'],
  random: [],
  data: ['engine', 'formats', 'graph', 'node', 'platform', 'random'],
  baselines: ['data', 'graph', 'random'],
  feed: ['data', 'engine', 'graph', 'layers', 'losses', 'program', 'random'],
  step: [
    'compiler',
    'data',
    'engine',
    'feed',
    'graph',
    'layers',
    'losses',
    'ops',
    'optimizers',
    'program',
    'random',
  ],
  models: ['layers', 'losses'],
  crew: [
    'data',
    'engine',
    'feed',
    'graph',
    'layers',
    'losses',
    'platform',
    'program',
    'random',
    'step',
  ],
  benchmark: [
    'compiler',
    'crew',
    'data',
    'engine',
    'feed',
    'graph',
    'inference',
    'layers',
    'losses',
    'models',
    'ops',
    'optimizers',
    'program',
    'quantize',
    'step',
    'trained',
  ],
  inference: ['data', 'engine', 'formats', 'graph', 'program'],
  metrics: ['crew', 'data', 'feed', 'graph', 'inference', 'layers', 'losses', 'random'],
  trained: [
    'crew',
    'data',
    'engine',
    'feed',
    'formats',
    'graph',
    'inference',
    'layers',
    'losses',
    'metrics',
    'program',
    'random',
    'step',
  ],
  look: [
    'compiler',
    'crew',
    'data',
    'engine',
    'feed',
    'graph',
    'layers',
    'losses',
    'ops',
    'optimizers',
    'random',
    'step',
    'trained',
  ],
  train: [
    'cluster',
    'crew',
    'data',
    'engine',
    'feed',
    'formats',
    'graph',
    'layers',
    'look',
    'losses',
    'metrics',
    'models',
    'optimizers',
    'random',
    'step',
    'trained',
  ],
  runs: [
    'baselines',
    'cluster',
    'losses',
    'platform',
    'random',
    'crew',
    'data',
    'engine',
    'formats',
    'graph',
    'layers',
    'look',
    'metrics',
    'node',
    'step',
    'train',
    'trained',
  ],
  cli: [
    'baselines',
    'benchmark',
    'cluster',
    'crew',
    'data',
    'engine',
    'feed',
    'formats',
    'graph',
    'import',
    'inference',
    'lab',
    'layers',
    'losses',
    'look',
    'metrics',
    'models',
    'node',
    'onnx',
    'optimizers',
    'platform',
    'program',
    'quantize',
    'runs',
    'step',
    'train',
    'trained',
  ],
  cluster: [
    'crew',
    'data',
    'engine',
    'feed',
    'graph',
    'inference',
    'node',
    'platform',
    'program',
    'random',
    'step',
  ],
  lab: ['data', 'formats', 'graph', 'layers', 'look', 'node', 'random', 'trained'],
  web: ['platform'],
  onnx: foreign,
  import: foreign,
  quantize: [
    'compiler',
    'crew',
    'data',
    'engine',
    'feed',
    'formats',
    'graph',
    'inference',
    'layers',
    'losses',
    'metrics',
    'ops',
    'program',
    'step',
    'trained',
  ],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);

/** Paths below src that a file imports. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8');
  const paths = [...text.matchAll(/from '(\.[^']+)'/g)].map((match) => match[1]!);
  return paths.map((path) => normalize(join(dirname(file), path)));
}

const folderOf = (file: string): string => (file.includes('/') ? file.split('/')[0]! : '');

test('imports point one way', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const folder = folderOf(file);
    // index.ts exports from everywhere, and a process of the benchmarks uses what it exports.
    if (folder === '' || file === 'benchmark/training-process.ts') continue;
    assert.ok(folder in allowed, `src/${folder}/ is not in the table`);
    for (const imported of importsOf(file)) {
      const from = folderOf(imported);
      if (from === 'base' || from === folder || allowed[folder]!.includes(from)) continue;
      wrong.push(`${file} imports ${imported}`);
    }
  }
  assert.equal(wrong, []);
});

test('the table has no cycle and no folder that does not exist', () => {
  const folders = new Set(files.map(folderOf));
  const visit = (folder: string, path: string[]): void => {
    assert.ok(folders.has(folder), `src/${folder}/ does not exist`);
    assert.not.ok(path.includes(folder), [...path, folder].join(' → '));
    for (const next of allowed[folder]!) visit(next, [...path, folder]);
  };
  for (const folder of Object.keys(allowed)) visit(folder, []);
});

test('no file calls a Math function that engines round differently', () => {
  const banned =
    /Math\.(exp|expm1|log|log2|log10|log1p|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|pow|cbrt|hypot|random)\b/;
  for (const file of files) {
    const text = readFileSync(join(src, file), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    assert.not.match(code, banned, file);
  }
});

test('the library names settings; flags are the command line’s', () => {
  // Node's own, and a command that is named as one.
  const named = /--allow-worker|`lanewise export MODEL --inference`/g;
  const flag = /['`"( ]--[a-z]/;
  for (const file of files) {
    // A lab's page names the command that makes it.
    if (['cli', 'benchmark', 'lab'].includes(folderOf(file))) continue;
    const text = readFileSync(join(src, file), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').replace(named, '');
    assert.not.match(code, flag, file);
  }
});

/** Folders whose files may be namesakes: one thing on each platform, an op and its layer. */
const twins: readonly (readonly string[])[] = [
  ['platform', 'node', 'web'],
  ['ops', 'layers'],
];

test('a file’s name is its own', () => {
  const places = new Map<string, string[]>();
  for (const file of files) {
    const name = basename(file);
    if (name === 'index.ts') continue;
    const twin = twins.find((folders) => folders.includes(folderOf(file)));
    const place = twin ? twin.join(' and ') : file;
    places.set(name, [...new Set([...(places.get(name) ?? []), place])]);
  }
  const shared = [...places].filter(([, all]) => all.length > 1);
  assert.equal(
    shared.map(([name, all]) => `${name}: ${all.join(', ')}`),
    [],
  );
});

test.run();
