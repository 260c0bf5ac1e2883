/**
 * Serves a run's report to this machine alone while it trains (Node). It sends the page, then its changes whenever the
 * page asks. The server has only two paths, only GET, and only this machine's name, so that no other site can read it
 * by pointing a name of its own at 127.0.0.1 (DNS rebinding).
 */
import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { checkOptions, wholeFrom } from '../base/check.js';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { loadAssets, type Assets } from './assets.js';
import { EVALUATION, METRICS } from './folder.js';
import { policyOf, renderPage, type Report } from './report/page-frame.js';
import { recordsOf } from './report/records.js';
import { runReport } from './report/run-report.js';
import { readRun } from './report/write.js';

/** Settings of `watchRun`. */
export interface WatchOptions {
  /** Default any free port. */
  readonly port?: number;
}

/** A served report. */
export interface Watch {
  readonly url: string;
  /** Stops serving. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/**
 * Serves the report of the run in `folder`, which may not have begun yet.
 * @throws LanewiseError kind 'file' if there is no such folder; kind 'network' if the port is taken.
 */
export async function watchRun(folder: string, options: WatchOptions = {}): Promise<Watch> {
  const { port = 0 } = checkOptions('watchRun', options, { port: wholeFrom(0, 65_535) });
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new LanewiseError('file', `cannot watch '${folder}': there is no such folder`);
  const assets = await loadAssets();
  const latest = follower(folder);
  const server = createServer((request, response) => {
    answer(request, response, assets, latest).catch((error: unknown) =>
      send(response, 500, (error as Error).message),
    );
  });
  await listen(server, port);
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'something else has it' : error.message;
      reject(
        new LanewiseError(
          'network',
          `cannot serve on port ${port}: ${reason}`,
          'leave the port out for a free one',
          { cause: error },
        ),
      );
    });
    server.listen(port, HOST, resolve);
  });
}

interface State {
  /** A tag that changes when the run's files do. */
  readonly tag: string;
  readonly report: Report;
}

/**
 * Null if there is no file. Neither a link, which may lead out of the folder, nor a pipe, which never ends, is accepted.
 * @throws LanewiseError kind 'file' for anything but a file.
 */
async function statOfFile(path: string): Promise<Stats | null> {
  const found = await lstat(path).catch(() => null);
  if (!found || found.isFile()) return found;
  throw new LanewiseError('file', `'${path}' is not a file`);
}

/** Reads the run again when its files have changed. */
function follower(folder: string): () => Promise<State> {
  let state: State | undefined;
  return async () => {
    const files = [METRICS, EVALUATION].map((name) => statOfFile(join(folder, name)));
    const stats = await Promise.all(files);
    const tag = `"${stats.map((file) => (file ? `${file.size}-${file.mtimeMs}` : '0')).join('-')}"`;
    if (state?.tag !== tag) {
      const run = stats[0]
        ? await readRun(folder)
        : { name: basename(resolve(folder)), records: recordsOf([]), evaluation: undefined };
      state = { tag, report: runReport(run) };
    }
    return state;
  };
}

async function answer(
  { method, url, headers, socket }: IncomingMessage,
  response: ServerResponse,
  assets: Assets,
  latest: () => Promise<State>,
): Promise<void> {
  const names = [HOST, 'localhost'].map((name) => `${name}:${socket.localPort}`);
  if (!names.includes(headers.host ?? '')) {
    send(response, 403, `this is ${names[0]}, and nothing else`);
  } else if (headers['sec-fetch-site'] === 'cross-site') {
    send(response, 403, 'this is not for other sites');
  } else if (url !== '/' && url !== '/data.json') {
    send(response, 404, 'only / and /data.json exist');
  } else if (method !== 'GET') {
    send(response, 405, 'only GET is answered', { Allow: 'GET' });
  } else if (url === '/') {
    const { report } = await latest();
    send(response, 200, renderPage(report, assets, true), {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `${policyOf(assets, true)}; frame-ancestors 'none'`,
    });
  } else {
    const { tag, report } = await latest();
    if (headers['if-none-match'] === tag) return send(response, 304, '', { ETag: tag });
    const parts = Object.fromEntries(
      Object.entries(report.parts).map(([name, { html }]) => [name, html]),
    );
    send(response, 200, JSON.stringify({ charts: report.charts, parts }), {
      'Content-Type': 'application/json',
      ETag: tag,
    });
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    ...headers,
  });
  response.end(body);
}
