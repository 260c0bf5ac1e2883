/** The same bits in workerd, the runtime of Cloudflare's edge workers. */
// slow: an engine of its own
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../src/engine/init.js';
import { findEngine } from '../support/engines.js';
import { checkReport } from './check-report.js';
import { startEdge, type EdgeModule } from './edge-server.js';
import type { MatrixReport } from './program.js';

const PATIENCE_MS = 120_000;

/** As edge.ts imports them. */
const modules: readonly EdgeModule[] = [
  ['edge.js', 'esModule', 'test/runtimes/edge.js'],
  ['program.js', 'esModule', 'test/runtimes/program.js'],
  ['lanewise', 'esModule', 'browser/index.js'],
  ['int8-bits.js', 'esModule', 'test/runtimes/int8-bits.js'],
  ['int8-plain.wasm', 'wasm', 'wasm/int8-plain.wasm'],
  ['int8-relaxed.wasm', 'wasm', 'wasm/int8-relaxed.wasm'],
  ['strict.wasm', 'wasm', 'wasm/strict.wasm'],
  ['fused.wasm', 'wasm', 'wasm/fused.wasm'],
];

async function check(path: string): Promise<void> {
  const { url, close } = await startEdge(path, modules);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await response.text();
    assert.is(response.status, 200, text);
    const report = JSON.parse(text) as MatrixReport & { readonly runtime: Runtime };
    assert.is(report.runtime.threads, 'none');
    checkReport('workerd', report);
  } finally {
    await close();
  }
}

const path = findEngine('workerd');
if (path) test('workerd, within a request', () => check(path));
else console.log('skipped: no workerd here (npm run engines)');

test.run();
