/** The playground's server with a port that is taken, or not valid. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from '../publish/packed.js';

/** Serves in a process of its own, as `npm run playground -- --port …` does once the page is built. */
async function serveAt(port: string): Promise<string> {
  const module = pathToFileURL(join(root, 'examples/playground/serve.mjs')).href;
  const code = `import { serveOrSay } from '${module}';
    const { url } = await serveOrSay('.', { port: process.argv[1], isIsolated: true });
    console.log(url);
    process.exit();`;
  try {
    return (await run(process.execPath, ['--input-type=module', '-e', code, port])).stdout;
  } catch (error) {
    return (error as { readonly stderr: string }).stderr;
  }
}

test('a taken port, and what is no port, are said in a sentence with the way out', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  try {
    assert.is(await serveAt(String(port)), `port ${port} is taken; --port 0 takes a free one\n`);
  } finally {
    other.close();
  }
  assert.match(await serveAt('80a'), /^--port is '80a', expected a whole number .*a free one\n$/);
  assert.match(await serveAt('70000'), /^--port is '70000', expected/);
  assert.match(await serveAt('0'), /^http:\/\/127\.0\.0\.1:\d+\/\n$/);
});

test.run();
