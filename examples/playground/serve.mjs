// Builds the playground and serves it: `npm run playground -- [--port 8080] [--no-isolation]`.
// A host of one's own needs the same headers for threads; without them the page trains in one.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildPlayground } from './build.mjs';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
].join('; ');

/** Shared memory, and with it threads, is for pages that no other page can look into. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** The file that a request means; undefined for what is not below `folder`. */
function fileOf(folder, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0')) return undefined;
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  return file.startsWith(folder + sep) ? file : undefined;
}

/** Serves a folder on this machine; resolves to its address and how to end it. */
export function servePlayground(folder, { port = 0, isIsolated = true } = {}) {
  const headers = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
    ...(isIsolated ? isolation : {}),
  };
  const server = createServer(async (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const file = isRead ? fileOf(folder, request.url ?? '/') : undefined;
    const type = file && types[extname(file)];
    const bytes = type && (await readFile(file).catch(() => undefined));
    if (!bytes) {
      response.writeHead(isRead ? 404 : 405, { ...headers, 'Content-Type': 'text/plain' });
      return response.end(isRead ? 'not found\n' : 'GET and HEAD only\n');
    }
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': bytes.length });
    return response.end(request.method === 'HEAD' ? undefined : bytes);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`port ${port} is taken`) : error),
    );
    server.listen(port, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}/`,
        close: () =>
          new Promise((closed) => {
            server.close(closed);
            server.closeAllConnections();
          }),
      }),
    );
  });
}

/** Serves as the command line asks; ends the process with one sentence where the port is another's or none. */
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      'no-isolation': { type: 'boolean', default: false },
    },
  });
  const folder = await buildPlayground();
  const { url } = await serveOrSay(folder, {
    port: values.port,
    isIsolated: !values['no-isolation'],
  });
  console.log(
    `The playground is at ${url}${values['no-isolation'] ? ' (no isolation, no threads)' : ''}`,
  );
  console.log(`Its files are in ${relative('.', folder)}. Ctrl+C ends the server.`);
}
