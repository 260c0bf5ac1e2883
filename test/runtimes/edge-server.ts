/** workerd, the runtime of Cloudflare's edge workers, with a worker whose modules are files of dist/. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../../', import.meta.url));

/** What a module is imported as, and its file in dist/; the first is the worker. */
export type EdgeModule = readonly [name: string, kind: 'esModule' | 'wasm', path: string];

/** Embedded files are named relative to the configuration's, which lies in dist/. */
const configOf = (
  modules: readonly EdgeModule[],
): string => `using Workerd = import "/workerd/workerd.capnp";
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

export interface Edge {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the workerd at `path` on a free port. */
export async function startEdge(path: string, modules: readonly EdgeModule[]): Promise<Edge> {
  const file = join(dist, `edge-${process.pid}.capnp`);
  await writeFile(file, configOf(modules));
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
