/** Every JavaScript block of the README and of docs/ runs as it stands, and prints the text block after it. */
// slow: what they train
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { asProcess, inFolder } from '../cli/lanewise.js';
import { blocksOf, documents, root, type Block } from './documents.js';

/** Inside the package, so that `import 'lanewise'` finds it. */
const scratch = join(root, 'dist', 'snippets');
mkdirSync(scratch, { recursive: true });

/** What it prints. The package is loaded once for all of them, since that takes longer than most. */
async function runBlock({ file, line, text }: Block): Promise<string> {
  const path = join(scratch, `${file.replaceAll(/\W/g, '-')}-${line}.mjs`);
  writeFileSync(path, text);
  const { code, stdout, stderr } = await inFolder((cwd) => {
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
    return asProcess(
      { args: [path], cwd },
      async () => void (await import(pathToFileURL(path).href)),
    );
  });
  assert.is(code, 0, stderr);
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
