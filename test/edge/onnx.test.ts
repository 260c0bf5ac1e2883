/** lanewise/onnx in the real workerd: a file is read, trained further and written with the bits of Node. */
// slow: an engine of its own
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as lanewise from '../../src/index.js';
import * as onnx from '../../src/onnx/index.js';
import { startEdge, type EdgeModule } from '../runtimes/edge-server.js';
import { findEngine } from '../support/engines.js';
import { tuneOnnx } from './tune-onnx.js';

const modules: readonly EdgeModule[] = [
  ['worker.js', 'esModule', 'test/edge/onnx-worker.js'],
  ['tune-onnx.js', 'esModule', 'test/edge/tune-onnx.js'],
  ['lanewise/index.js', 'esModule', 'browser/index.js'],
  ['lanewise/onnx.js', 'esModule', 'browser/onnx.js'],
  ['strict.wasm', 'wasm', 'wasm/strict.wasm'],
];

const file = fileURLToPath(
  new URL('../../../test/golden/onnx/residual-dynamic.onnx', import.meta.url),
);

async function check(path: string): Promise<void> {
  const bytes = await readFile(file);
  const here = await tuneOnnx(lanewise as never, onnx, bytes);
  const { url, close } = await startEdge(path, modules);
  try {
    const response = await fetch(url, { method: 'POST', body: bytes });
    assert.is(response.status, 200, response.ok ? '' : await response.text());
    assert.is(response.headers.get('x-sha256'), here.sha256);
    assert.equal(new Uint8Array(await response.arrayBuffer()), here.file);
  } finally {
    await close();
  }
}

const path = findEngine('workerd');
if (path) test('an ONNX file is trained further in workerd as in Node', () => check(path));
else console.log('skipped: no workerd here (npm run engines)');

test.run();
