/** Serves the built package to browsers, with or without isolation from other origins, under a strict policy; pages post their reports back. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, normalize, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ISOLATED, policy } from '../support/serve.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
};

export interface Site {
  /** The page that loads a script of dist/ as a module; `search` is for the script. */
  url(script: string, search?: string): string;
  /** What a page posts to /report next, read as JSON. @throws Error if the page posts an error, or nothing in time. */
  report<T>(patienceMs: number): Promise<T>;
  close(): Promise<void>;
}

export interface SiteOptions {
  /** From other origins, so that memory can be shared with workers. */
  readonly isolated: boolean;
  /** Without, scripts may do what they like. Default true. */
  readonly strict?: boolean;
}

export async function startSite({ isolated, strict = true }: SiteOptions): Promise<Site> {
  let settle: ((text: string) => void) | undefined;
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: Error) =>
      response.writeHead(500).end(error.message),
    );
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const headers = { ...(strict ? policy() : {}), ...(isolated ? ISOLATED : {}) };
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method === 'POST') {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
      response.end();
      settle?.(text);
      return;
    }
    if (pathname === '/') {
      const script = searchParams.get('script');
      response.setHeader('Content-Type', 'text/html');
      response.end(
        `<!doctype html><title>Lanewise</title><script type="module" src="/${script}"></script>`,
      );
      return;
    }
    const path = normalize(join(dist, pathname));
    const found = path.startsWith(dist) ? await stat(path).catch(() => undefined) : undefined;
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', types[extname(path)] ?? 'text/plain');
    createReadStream(path).pipe(response);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (script, search = '') => `http://localhost:${port}/?script=${script}${search}`,
    report<T>(patienceMs: number) {
      const reported = new Promise<T>((resolve, reject) => {
        const late = () => reject(new Error(`the page reported nothing in ${patienceMs / 1000} s`));
        const timer = setTimeout(late, patienceMs);
        settle = (text) => {
          clearTimeout(timer);
          const { error, report } = JSON.parse(text) as { error?: string; report?: T };
          if (error) reject(new Error(error));
          else resolve(report!);
        };
      });
      // Whoever opens the page asks for it only then.
      reported.catch(() => {});
      return reported;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
