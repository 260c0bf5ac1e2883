/** In an app that is bundled for pages, `import 'lanewise/import'` stays, and teaches the functions of `lanewise`. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const bytes = readFileSync(join(root, 'test/golden/torch/checkpoint.pt'));

/** What an app that reads the file answers. */
async function answer(imports: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: {
      contents: `${imports}
import { decodePartialWeights, linear, sequential } from 'lanewise';
const model = sequential({ fc: linear(12, 4) }, { input: [12] });
export const read = (bytes) => [...decodePartialWeights(model, bytes, 'x.pt').weights.keys()];`,
      resolveDir: join(root, 'dist'),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    absWorkingDir: root,
    write: false,
  });
  const code = Buffer.from(outputFiles[0]!.contents).toString('base64');
  const app = (await import(`data:text/javascript;base64,${code}`)) as {
    read: (bytes: Uint8Array) => string[];
  };
  return app.read(new Uint8Array(bytes));
}

test('with the import the file is read, and without it the import is named', async () => {
  assert.equal(await answer(`import 'lanewise/import';`), ['fc.weight', 'fc.bias']);
  try {
    await answer('');
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /is a PyTorch file/);
    assert.match((error as { hint: string }).hint, /import 'lanewise\/import'/);
  }
});

test.run();
