/** The same bits in workerd, the runtime of Cloudflare's edge workers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '../../src/engine/init.js';
import { findEngine } from '../support/engines.js';
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

/** Starts workerd on a free port. */
async function serve(path: string): Promise<{ url: string; close: () => Promise<void> }> {
  const file = join(dist, `matrix-${process.pid}.capnp`);
  await writeFile(file, CONFIG);
  const child = spawn(path, ['serve', file, '--control-fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr!.on('data', (text) => (complaints += text));
  const ended = once(child, 'exit').then(() => rm(file));
  const listening = new Promise<number>((resolve) => {
    (child.stdio[3] as Readable).on('data', (text) => {
      const port = /"port":(\d+)/.exec(String(text))?.[1];
      if (port) resolve(Number(port));
    });
  });
  const port = await Promise.race([listening, ended]);
  if (!port) throw new Error(`workerd does not start: ${complaints}`);
  return {
    url: `http://localhost:${port}/`,
    async close() {
      child.kill();
      await ended;
    },
  };
}

async function check(path: string): Promise<void> {
  const { url, close } = await serve(path);
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
