/** The examples' static server, for the tests' pages. */
import type { IncomingMessage } from 'node:http';

export type Headers = Readonly<Record<string, string>>;

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  /** Default text. */
  readonly type?: string;
  readonly body?: string | Uint8Array;
}

export interface SiteOptions {
  /** Part of every answer. */
  readonly headers?: Headers;
  /** Headers of single answers, by path. */
  readonly headersOf?: Readonly<Record<string, Headers>>;
  /** Answers to requests that are not for the folder. */
  readonly answer?: (
    url: URL,
    request: IncomingMessage,
  ) => Answer | undefined | Promise<Answer | undefined>;
}

export interface Site {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

interface Server {
  /** By which a page has shared memory. */
  readonly ISOLATED: Headers;
  serveFolder(folder: string, options?: SiteOptions): Promise<Site>;
}

const module = new URL('../../../examples/static-server.mjs', import.meta.url).href;

export const { ISOLATED, serveFolder } = (await import(module)) as Server;

/** The strictest under which WebAssembly compiles at all; `scripts` are further sources, such as hashes. */
export const policy = (...scripts: string[]): Headers => ({
  'Content-Security-Policy': [
    "default-src 'none'",
    ["script-src 'self' 'wasm-unsafe-eval'", ...scripts].join(' '),
    "worker-src 'self'",
    "connect-src 'self'",
  ].join('; '),
});
