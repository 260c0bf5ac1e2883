/**
 * Every `$ npx lanewise …` in the console blocks of the README and of docs/ runs; those marked `long` train on a few samples
 * only, and MNIST is its first samples.
 */
// slow: the command line, and what it trains
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { execFile } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { digits } from '../../src/data/digits/index.js';
import { colours } from '../cli/colours.js';
import { inFolder, lanewise } from '../cli/lanewise.js';
import { blocksOf, documents, root, textOf, type Block } from './documents.js';

const data = resolve(root, process.env['LANEWISE_DATA'] ?? '../shared/data/mnist');
const short = ['--limit', '320', '--epochs', '1'];

/** The files of MNIST, with the bytes before the first sample, those of a sample, and how many samples are kept. */
const parts = [
  { name: 'train-images-idx3-ubyte', header: 16, bytes: 784, count: 2000 },
  { name: 'train-labels-idx1-ubyte', header: 8, bytes: 1, count: 2000 },
  { name: 't10k-images-idx3-ubyte', header: 16, bytes: 784, count: 500 },
  { name: 't10k-labels-idx1-ubyte', header: 8, bytes: 1, count: 500 },
];

/** Writes the first samples of MNIST, which train and are scored fast. */
function writeFewDigits(folder: string): void {
  for (const { name, header, bytes, count } of parts) {
    const whole = gunzipSync(readFileSync(join(data, `${name}.gz`)));
    const few = whole.subarray(0, header + bytes * count);
    few.writeUInt32BE(count, 4);
    writeFileSync(join(folder, name), few);
  }
}

/** A drawn 7 for `predict digit.png`. */
function drawDigit(path: string): void {
  const { samples, labels } = digits({ count: 40 });
  const at = labels.indexOf(7) * 784;
  const png = new PNG({ width: 28, height: 28 });
  for (let i = 0; i < 784; i++)
    png.data.set([samples[at + i]!, samples[at + i]!, samples[at + i]!, 255], i * 4);
  writeFileSync(path, PNG.sync.write(png));
}

/** The table of docs/tables.md, in which a rent is a rate of the quarter times the area, and new rows of it. */
function writeFlats(cwd: string): void {
  const rate = { centre: 17, harbour: 12, hill: 8 } as const;
  const flats = Array.from({ length: 200 }, (_, i) => {
    const area = 25 + ((i * 37) % 96);
    const quarter = (['centre', 'harbour', 'hill'] as const)[(i * 7) % 3]!;
    return [i % 20 ? area : '', quarter, `2019-0${1 + (i % 9)}-15`, rate[quarter] * area].join(',');
  });
  writeFileSync(join(cwd, 'flats.csv'), ['area,quarter,since,rent', ...flats].join('\n'));
  writeFileSync(
    join(cwd, 'new.csv'),
    'since,quarter,area\n2019-04-01,hill,60\n2011-10-15,centre,\n',
  );
}

/** A text and texts with classes, for commands about them. */
function writeTexts(text: string, cwd: string): void {
  if (text.includes('book.txt'))
    writeFileSync(join(cwd, 'book.txt'), textOf('CONTRIBUTING.md').slice(0, 3000));
  if (!text.includes('reviews.jsonl')) return;
  const review = (i: number) => ({
    body: `${i % 2 ? 'A good, clear' : 'A dull, long'} book of ${i % 7} parts.`,
    label: i % 2 ? 'good' : 'bad',
  });
  const lines = Array.from({ length: 40 }, (_, i) => JSON.stringify(review(i)));
  writeFileSync(join(cwd, 'reviews.jsonl'), lines.join('\n'));
}

/** Hours of temperatures, with the rhythm of a day. */
const hours = (): string =>
  [
    'hour,temp',
    ...Array.from({ length: 400 }, (_, i) => {
      const hour = new Date(Date.UTC(2024, 0, 1, i)).toISOString().slice(0, 16);
      return `${hour},${Math.abs(12 - (i % 24)) + ((i * 7) % 5) / 4}`;
    }),
  ].join('\n');

/** Points of two classes. */
const twoClasses = (): string =>
  [
    'x,y,class',
    ...Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 11},${i % 2 ? 'a' : 'b'}`),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** Runs the blocks of JavaScript before a block that write the files which its commands read. */
async function writeFilesFor({ file, text }: Block, before: readonly Block[], cwd: string) {
  const named = commandsOf({ text }).flatMap((command) => command.split(/\s+/));
  for (const block of before) {
    const writes = block.language === 'js' && /writeFileSync\(\s*'([^']+)'/.exec(block.text)?.[1];
    if (!writes || !named.includes(writes)) continue;
    const path = join(root, 'dist', 'snippets', `${file.replaceAll(/\W/g, '-')}-${block.line}.mjs`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, block.text);
    await promisify(execFile)(process.execPath, [path], { cwd });
  }
}

/** Pictures with classes, and a file of PyTorch, for commands about them. */
async function writePictures(text: string, cwd: string): Promise<void> {
  if (text.includes(' photos')) await colours(join(cwd, 'photos'), ['red', 'green']);
  if (text.includes('small.onnx'))
    copyFileSync(join(root, 'test', 'golden', 'onnx', 'small.onnx'), join(cwd, 'small.onnx'));
}

/** A folder for what blocks share. */
const shared = mkdtempSync(join(tmpdir(), 'lanewise-docs-'));
test.after(() => rmSync(shared, { recursive: true }));

/** Whether LeNet-5 has been trained, which is done once. */
let isTrained = false;

/** The runs that a block's commands are about. */
async function trainFor(text: string, cwd: string): Promise<void> {
  for (const model of ['lenet5-digits', 'lenet5-mnist']) {
    const out = join('runs', model);
    if (!text.includes(join(out, 'model'))) continue;
    if (!isTrained) {
      const args = ['train', 'lenet5', '--limit', '2000', '--epochs', '1', '--out', 'run'];
      const { code, stderr } = await lanewise(args, { cwd: shared });
      assert.is(code, 0, stderr);
      isTrained = true;
    }
    cpSync(join(shared, 'run'), join(cwd, out), { recursive: true });
  }
}

const commandsOf = ({ text }: Pick<Block, 'text'>): string[] =>
  [...text.matchAll(/^\$ npx lanewise (.*)$/gm)].map((match) => match[1]!);

/** Resolves to what the commands print. Where it is compared, they train in numerics that are the same everywhere. */
async function runCommands(
  { language, text }: Block,
  commands: string[],
  cwd: string,
  isCompared: boolean,
): Promise<string> {
  let printed = '';
  mkdirSync(join(cwd, 'runs'), { recursive: true });
  drawDigit(join(cwd, 'digit.png'));
  if (text.includes('temps.csv')) writeFileSync(join(cwd, 'temps.csv'), hours());
  if (text.includes('points.csv')) writeFileSync(join(cwd, 'points.csv'), twoClasses());
  if (text.includes('flats.csv')) writeFlats(cwd);
  writeTexts(text, cwd);
  await writePictures(text, cwd);
  await trainFor(text, cwd);
  for (const command of commands) {
    const needsMnist = command.includes('mnist');
    if (needsMnist && !existsSync(data)) {
      console.log(`skipped with what follows, no MNIST at ${data}: ${command}`);
      break;
    }
    const strict = isCompared && command.startsWith('train') ? ['--numerics', 'strict'] : [];
    const isShort = language.includes('long') && command.startsWith('train');
    const args = [...command.split(/\s+/), ...(isShort ? short : []), ...strict];
    if (needsMnist && !existsSync(join(shared, parts[0]!.name))) writeFewDigits(shared);
    const env = needsMnist ? { ...process.env, LANEWISE_DATA: shared } : process.env;
    const { code, stdout, stderr } = await lanewise(
      args.filter((arg) => arg !== '…'),
      { cwd, env },
    );
    assert.is(code, 0, `${command}: ${stderr}`);
    printed += `${stderr}\n${stdout}\n`;
  }
  return printed;
}

for (const file of documents) {
  const blocks = blocksOf(file);
  for (const [i, block] of blocks.entries()) {
    // Those of docs/cluster.md run beside each other: cluster.test.ts.
    const isAlone = block.language.startsWith('console') && !block.language.includes('cluster');
    const commands = isAlone ? commandsOf(block) : [];
    if (commands.length === 0) continue;
    const next = blocks[i + 1];
    const shown = next?.language === 'text printed' ? next.text : '';
    test(`${file}:${block.line}: ${commands.length} commands run`, () =>
      inFolder(async (cwd) => {
        await writeFilesFor(block, blocks.slice(0, i), cwd);
        const printed = await runCommands(block, commands, cwd, shown !== '');
        const lines = printed.split('\n').map((line) => line.trimEnd());
        for (const line of shown.split('\n'))
          assert.ok(lines.includes(line), `'${line}' is not among:\n${printed}`);
      }));
  }
}

test.run();
