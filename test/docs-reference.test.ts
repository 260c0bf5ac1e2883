/** docs/reference.md, with the table of data sets in docs/data.md, names everything that is public, and nothing else. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as cluster from '../src/cluster/index.js';
import * as imports from '../src/import/index.js';
import * as labs from '../src/lab/index.js';
import * as lanewise from '../src/index.js';
import * as onnx from '../src/onnx/index.js';
import * as quantization from '../src/quantize/index.js';

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');

const namespaces = [
  'baselines',
  'initializers',
  'metrics',
  'ops',
  'samplers',
  'schedule',
  'transforms',
];

/** `train`, and in namespaces `initializers.constant`. */
const entries = { ...lanewise, ...onnx, ...imports, ...quantization, ...cluster, ...labs };

const exported = Object.entries(entries).flatMap(([name, value]) =>
  namespaces.includes(name) ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
);

const rowsIn = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

const [published] = read('data.md').match(/\n## Data sets that are published\n[^]*?(?=\n## )/)!;

const rows = [
  // Settings are no exports; test/train/setting-records holds their table.
  ...rowsIn(read('reference.md').replace(/\n## Settings of `train`\n[^]*?(?=\n## )/, '')),
  // What others call them comes last there.
  ...rowsIn(published).map((cells) => [cells[0]!, ...cells.slice(-2)]),
];

const documented = rows.flatMap(([ours]) =>
  [...ours!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
);

test('everything public has a row', () => {
  const missing = exported.filter((name) => !documented.includes(name));
  assert.equal(
    missing,
    [],
    missing
      .map(
        (name) =>
          `docs/reference.md lacks ${name}: add a row to its family's table, | \`${name}\` | PyTorch's name or – | Keras' name or – |`,
      )
      .join('\n'),
  );
});

test('every row names what is public, once, with three columns', () => {
  const gone = documented.filter((name) => !exported.includes(name));
  assert.equal(
    gone,
    [],
    `docs/reference.md names ${gone.join(', ')}: src/index.ts exports no such name`,
  );
  const twice = documented.filter((name, i) => documented.indexOf(name) !== i);
  assert.equal(twice, [], `docs/reference.md names ${twice.join(', ')} twice`);
  for (const cells of rows)
    assert.ok(
      cells.length === 3 && cells.every(Boolean),
      `expected three columns: ${cells.join(' | ')}`,
    );
});

test.run();
