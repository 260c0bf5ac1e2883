/** workerd, the runtime of Cloudflare's edge workers, with a worker whose modules are files of dist/. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWorkerd, type Workerd } from '../support/workerd.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));

/** What a module is imported as, and its file in dist/; the first is the worker. */
export type EdgeModule = readonly [name: string, kind: 'esModule' | 'wasm' | 'data', path: string];

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
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

/** Starts the workerd at `path` with these modules. */
export async function startEdge(path: string, modules: readonly EdgeModule[]): Promise<Workerd> {
  const file = join(dist, `edge-${process.pid}.capnp`);
  await writeFile(file, configOf(modules));
  // It has read the file, and what it embeds, when it listens.
  return startWorkerd(path, file).finally(() => rm(file));
}
