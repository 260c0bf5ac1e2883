// Builds the playground and serves it: `npm run playground -- [--port 8080] [--no-isolation]`.
// Your own host needs the same headers for threads; without them the page trains in one thread.
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ISOLATED, serveFolder } from '../static-server.mjs';
import { buildPlayground } from './build.mjs';

const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
].join('; ');

/** Serves a folder on this machine as a careful host would; resolves to its address and a function that ends it. */
export function servePlayground(folder, { port = 0, isIsolated = true } = {}) {
  const headers = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
    ...(isIsolated ? { ...ISOLATED, 'Cross-Origin-Resource-Policy': 'same-origin' } : {}),
  };
  return serveFolder(folder, { port, headers });
}

/** Serves as the command line asks; ends the process with one sentence if the port is taken or not valid. */
export async function serveOrSay(folder, { port, isIsolated }) {
  try {
    const number = Number(port);
    if (!Number.isInteger(number) || number < 0 || number > 65_535)
      throw new Error(
        `--port is '${port}', expected a whole number from 0 (any free one) to 65535`,
      );
    return await servePlayground(folder, { port: number, isIsolated });
  } catch ({ message }) {
    console.error(`${message}; --port 0 takes a free one`);
    return process.exit(1);
  }
}

/** Serves what `build` makes as the command line asks; `say` makes a sentence of the address. */
export async function serveBuilt(build, say) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      'no-isolation': { type: 'boolean', default: false },
    },
  });
  const isIsolated = !values['no-isolation'];
  const folder = await build();
  const { url } = await serveOrSay(folder, { port: values.port, isIsolated });
  console.log(`${say(url)}${isIsolated ? '' : ' (no isolation, no threads)'}`);
  console.log(`Its files are in ${relative('.', folder)}. Ctrl+C ends the server.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await serveBuilt(buildPlayground, (url) => `The playground is at ${url}`);
