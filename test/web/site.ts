/** The package's dist/ as a site, its headers and some of its files made to order; and what pages of it are asked to do. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as lanewise from '../../src/index.js';

const dist = fileURLToPath(new URL('../../', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

export type Headers = Readonly<Record<string, string>>;

export interface SiteOptions {
  /** Of every answer but `files`' own. */
  readonly headers?: Headers;
  /** Instead of dist's or beside them, by path; undefined: there is none. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  /** Of single answers, by path. */
  readonly headersOf?: Readonly<Record<string, Headers>>;
}

export interface Site {
  readonly url: string;
  close(): void;
}

export async function serveDist({
  headers = {},
  files = {},
  headersOf = {},
}: SiteOptions): Promise<Site> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const type = TYPES[extname(pathname)] ?? 'text/html';
    const answer = (content: string | Uint8Array) =>
      response
        .writeHead(200, { 'Content-Type': type, ...headers, ...headersOf[pathname] })
        .end(content);
    const missing = () => response.writeHead(404, headers).end();
    if (pathname === '/') answer('<!doctype html><title>Lanewise</title>');
    else if (files[pathname] !== undefined) answer(files[pathname]);
    else if (pathname in files) missing();
    else readFile(join(dist, pathname)).then(answer, missing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface Trained {
  readonly sha256: string;
  readonly loss: number;
  readonly accuracy: number;
  readonly scores: string;
}

/** Eight steps of LeNet-5 and an evaluation: here, and as text in pages. */
export async function trainLittle(
  { digits, lenet5, sgd, train }: typeof lanewise,
  settings: { readonly workers?: number; readonly numerics?: lanewise.Numerics } = {},
): Promise<Trained> {
  const { model } = await train(lenet5(), {
    data: digits({ count: 256 }),
    optimizer: sgd({ lr: 0.1 }),
    epochs: 1,
    batch: 32,
    ...settings,
  });
  const { loss, accuracy, scores } = await model.evaluate(
    digits({ count: 100, first: 1000 }),
    settings.workers === undefined ? {} : { workers: settings.workers },
  );
  const sum = scores.reduce((total, score, i) => total + score * (i % 7), 0);
  return { sha256: await model.sha256(), loss, accuracy, scores: String(sum) };
}
