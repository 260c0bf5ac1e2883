/** Every JavaScript block of the README and of docs/ runs as it stands, and prints the text block after it. */
// slow: a process a block
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { inFolder } from '../cli/lanewise.js';
import { blocksOf, documents, root, type Block } from './documents.js';

const run = promisify(execFile);
/** Inside the package, so that `import 'lanewise'` finds it. */
const scratch = join(root, 'dist', 'snippets');
mkdirSync(scratch, { recursive: true });

/** What it prints. */
async function runBlock({ file, line, text }: Block): Promise<string> {
  const path = join(scratch, `${file.replaceAll(/\W/g, '-')}-${line}.mjs`);
  writeFileSync(path, text);
  const { stdout } = await inFolder((cwd) => {
    for (const path of [
      'pytorch.safetensors',
      'torch/checkpoint.pt',
      'onnx/small.onnx',
      'onnx/odd.onnx',
      'keras/conv.keras',
    ]) {
      if (!text.includes(basename(path))) continue;
      copyFileSync(join(root, 'test', 'golden', path), join(cwd, basename(path)));
    }
    return run(process.execPath, [path], { cwd });
  });
  return stdout;
}

for (const file of documents) {
  const blocks = blocksOf(file);
  for (const [i, block] of blocks.entries()) {
    if (block.language !== 'js') continue;
    test(`${file}:${block.line} runs, and prints what it says`, async () => {
      const stdout = await runBlock(block);
      const next = blocks[i + 1];
      if (next?.language === 'text') assert.is(stdout, next.text);
    });
  }
}

test.run();
