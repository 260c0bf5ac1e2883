/** The same bits in workerd, the runtime of Cloudflare's edge workers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '../../src/engine/init.js';
import { findEngine } from '../support/engines.js';
import { startWorkerd } from '../support/workerd.js';
import { checkReport } from './check-report.js';
import type { MatrixReport } from './program.js';

const PATIENCE_MS = 120_000;

const dist = fileURLToPath(new URL('../../', import.meta.url));

/** Module names as edge.ts imports them, and files of dist/. */
const modules = [
  ['edge.js', 'esModule', 'test/runtimes/edge.js'],
  ['program.js', 'esModule', 'test/runtimes/program.js'],
  ['lanewise', 'esModule', 'browser/index.js'],
  ['strict.wasm', 'wasm', 'wasm/strict.wasm'],
  ['fused.wasm', 'wasm', 'wasm/fused.wasm'],
] as const;

/** Embedded files are named relative to the configuration's, which lies in dist/. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [
${modules.map(([name, kind, path]) => `      (name = "${name}", ${kind} = embed "${path}"),`).join('\n')}
    ],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "localhost:0", http = (), service = "main")],
);
`;

async function check(path: string): Promise<void> {
  const file = join(dist, `matrix-${process.pid}.capnp`);
  await writeFile(file, CONFIG);
  try {
    const { url, close } = await startWorkerd(path, file);
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
  } finally {
    await rm(file);
  }
}

const path = findEngine('workerd');
if (path) test('workerd, within a request', () => check(path));
else console.log('skipped: no workerd here (npm run engines)');

test.run();
