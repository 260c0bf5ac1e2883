/**
 * Every snippet of the README and of docs/ runs. JavaScript runs as it stands, and prints what the text block
 * behind it says. Of console blocks every `$ npx lanewise …` runs; those marked `long` on a few samples only.
 */
// slow: runs every snippet of the documentation
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { digits } from '../src/data/digits/index.js';
import { inFolder, lanewise } from './cli/lanewise.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Inside the package, so that `import 'lanewise'` finds it. */
const scratch = join(root, 'dist', 'snippets');
const data = resolve(root, process.env['LANEWISE_DATA'] ?? '../shared/data/mnist');
const run = promisify(execFile);

interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

function blocksOf(file: string): Block[] {
  const markdown = readFileSync(join(root, file), 'utf8');
  return [...markdown.matchAll(/^```([a-z ]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}

const documents = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));

/** A drawn 7 for `predict digit.png`. */
function drawDigit(path: string): void {
  const { samples, labels } = digits({ count: 40 });
  const at = labels.indexOf(7) * 784;
  const png = new PNG({ width: 28, height: 28 });
  for (let i = 0; i < 784; i++)
    png.data.set([samples[at + i]!, samples[at + i]!, samples[at + i]!, 255], i * 4);
  writeFileSync(path, PNG.sync.write(png));
}

for (const file of documents) {
  const blocks = blocksOf(file);
  for (const [i, { language, text, line }] of blocks.entries()) {
    if (language === 'js') {
      test(`${file}:${line} runs, and prints what it says`, async () => {
        mkdirSync(scratch, { recursive: true });
        const path = join(scratch, `${file.replaceAll(/\W/g, '-')}-${line}.mjs`);
        writeFileSync(path, text);
        const { stdout } = await inFolder((cwd) => {
          for (const name of ['pytorch.safetensors'].filter((file) => text.includes(file)))
            copyFileSync(join(root, 'test', 'golden', name), join(cwd, name));
          return run(process.execPath, [path], { cwd });
        });
        const next = blocks[i + 1];
        if (next?.language === 'text') assert.is(stdout, next.text);
      });
    }
    if (language.startsWith('console')) {
      const commands = [...text.matchAll(/^\$ npx lanewise (.*)$/gm)].map((match) => match[1]!);
      if (commands.length === 0) continue;
      test(`${file}:${line}: ${commands.length} commands run`, async () => {
        await inFolder(async (cwd) => {
          mkdirSync(join(cwd, 'runs'));
          drawDigit(join(cwd, 'digit.png'));
          const short = ['--limit', '2000', '--epochs', '1'];
          for (const model of ['lenet5-digits', 'lenet5-mnist']) {
            const out = join('runs', model);
            if (text.includes(join(out, 'model')))
              await lanewise(['train', 'lenet5', ...short, '--out', out], { cwd });
          }
          for (const command of commands) {
            const needsMnist = command.includes('mnist');
            if (needsMnist && !existsSync(data)) {
              console.log(`skipped with what follows, no MNIST at ${data}: ${command}`);
              break;
            }
            const args = [...command.split(/\s+/), ...(language.includes('long') ? short : [])];
            const env = needsMnist ? { ...process.env, LANEWISE_DATA: data } : process.env;
            const { code, stderr } = await lanewise(
              args.filter((arg) => arg !== '…'),
              { cwd, env },
            );
            assert.is(code, 0, `${command}: ${stderr}`);
          }
        });
      });
    }
  }
}

test('links between the documents lead somewhere', () => {
  for (const file of documents) {
    const markdown = readFileSync(join(root, file), 'utf8');
    for (const [, target] of markdown.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, file, '..', target!)), `${file} links to ${target}`);
    }
    for (const [, path] of markdown.matchAll(/`((?:src|assembly|workers|test)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(root, path!)), `${file} names ${path}`);
    }
  }
});

test.run();
