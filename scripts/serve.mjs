// Serves a folder to this machine alone, with the headers under which a page may share memory with its threads
// (cross-origin isolation), and a strict content-security-policy, which workers take from their own response.
//   node scripts/serve.mjs FOLDER [--port N] [--plain]
// --plain leaves isolation out, as a host of static files does that sets no headers.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';

const HOST = '127.0.0.1';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

const { values, positionals } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, plain: { type: 'boolean' } },
  allowPositionals: true,
});
const [folder] = positionals;
if (!folder) throw new Error('usage: node scripts/serve.mjs FOLDER [--port N] [--plain]');

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const headers = {
  ...(values.plain ? {} : isolation),
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** The file that a request means; undefined for what is not below the folder, or not there. */
function fileOf(url) {
  const { pathname } = new URL(url, 'http://localhost');
  // What has been decoded may climb.
  const path = normalize(decodeURIComponent(pathname));
  if (path.includes('..') || path.includes('\0')) return undefined;
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? { file, size: found.size } : undefined;
}

const server = createServer(({ method, url }, response) => {
  const isRead = method === 'GET' || method === 'HEAD';
  let found;
  try {
    found = isRead ? fileOf(url) : undefined;
  } catch {
    // A path that cannot be decoded is that of no file.
  }
  if (!found) {
    response.writeHead(isRead ? 404 : 405, { ...headers, 'Content-Type': 'text/plain' }).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    'Content-Type': types[extname(found.file)] ?? 'application/octet-stream',
    'Content-Length': found.size,
  });
  if (method === 'HEAD') response.end();
  else createReadStream(found.file).pipe(response);
});
server.listen(Number(values.port), HOST, () => {
  console.log(`http://${HOST}:${server.address().port}/`);
});
