// Serves a folder as a site on this machine, for the examples and for the tests' pages.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve as absolute, sep } from 'node:path';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Headers that isolate a page from others, without which it has no shared memory and no threads. */
export const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The file at a path; undefined if it is not below `folder`. */
function fileOf(folder, pathname) {
  let path;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0')) return undefined;
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  return file.startsWith(folder + sep) ? file : undefined;
}

/** The folder's answer for a path; only files of known types are served. */
async function answerFrom(folder, pathname) {
  const file = fileOf(folder, pathname);
  const type = file && types[extname(file)];
  const body = type && (await readFile(file).catch(() => undefined));
  return body ? { body, type } : undefined;
}

/** The answer to a request: `answer` is asked first, then the folder. */
async function answerTo(url, request, folder, answer) {
  const own = await answer?.(url, request);
  if (own) return own;
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, body: 'GET and HEAD only\n' };
  return (await answerFrom(folder, url.pathname)) ?? { status: 404, body: 'not found\n' };
}

/**
 * Serves `folder`; resolves to the site's address, which ends with a slash, and a function that ends it. `headers` are part
 * of every answer, `headersOf[path]` of single ones. `answer(url, request)` returns or resolves to the answer,
 * `{ status?, type?, body? }`; undefined leaves the request to the folder.
 */
export function serveFolder(folder, { port = 0, headers = {}, headersOf = {}, answer } = {}) {
  const root = absolute(folder);
  const server = createServer(async (request, response) => {
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const found = await answerTo(url, request, root, answer);
      const { status = 200, body = '', type = 'text/plain; charset=utf-8' } = found;
      const length = Buffer.byteLength(body);
      const own = { 'Content-Type': type, 'Content-Length': length, ...headersOf[url.pathname] };
      response.writeHead(status, { ...headers, ...own });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch (error) {
      response.writeHead(500, headers).end(`${error.message}\n`);
    }
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
