/** A worker: a process that computes parts of the steps of one run after another, for the coordinators at a server. */
import { totalmem } from 'node:os';
import { machineParallelism, threadMode } from '#platform/threads';
import {
  abortSignal,
  callable,
  checkOptions,
  flag,
  numberAbove,
  text,
  wholeFrom,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { relaxedMaddIsFused } from '../engine/features.js';
import { MAX_PAGES, PAGE_BYTES } from '../engine/memory.js';
import { engineName } from '../node/engine-name.js';
import { defaultBlobCache } from './blob-cache.js';
import { connect } from './connect.js';
import { buildOf } from './same-build.js';
import { CALLS, workerSubject } from './subjects.js';
import type { Transport } from './transport.js';
import type { WorkerEvent } from './worker-events.js';
import { createSeats, TICK, type Seats } from './worker-seat.js';

/** Settings of `serveWorker`. */
export interface WorkerOptions {
  /** Number of threads that compute; default all that the machine runs at once. */
  readonly threads?: number;
  /** The file of credentials that `lanewise cluster init` wrote for this worker; default none. */
  readonly credentials?: string;
  /** Allows a connection without encryption beyond this machine; default false. */
  readonly insecure?: boolean;
  /**
   * Bytes of memory that a run may have here; default half of the machine's, and at most 4 GiB. The weights of one step
   * and the largest column of data come on top, for a time.
   */
  readonly maxMemory?: number;
  /** Folder of the data that it was sent, kept for later runs; default that of downloads. It takes at most 8 GiB. */
  readonly cache?: string;
  /** Minutes without a coordinator after which it ends; default never. */
  readonly idleMinutes?: number;
  /** Ends it in peace. */
  readonly signal?: AbortSignal;
  /** Called when something happens. */
  onEvent?(event: WorkerEvent): void;
}

const MOST_THREADS = 4096;
const MOST_MEMORY = MAX_PAGES * PAGE_BYTES;
const MINUTE = 60_000;
/** Milliseconds for the last words to reach the server. */
const LAST_WORDS = 2000;

/**
 * Serves the coordinators at a NATS server, such as `nats://127.0.0.1:4222`, or at the other ends of a transport, until
 * its signal is aborted or nobody has called for `idleMinutes`.
 * @throws LanewiseError kind 'argument' for options that will not do, 'network' if there is no server that lets it in,
 * 'platform' where threads or NATS's packages are absent.
 */
export async function serveWorker(
  url: string | Transport,
  options: WorkerOptions = {},
): Promise<void> {
  const given = checkOptions('serveWorker', options, {
    threads: wholeFrom(1, MOST_THREADS),
    credentials: text,
    insecure: flag,
    maxMemory: wholeFrom(PAGE_BYTES, MOST_MEMORY),
    cache: text,
    idleMinutes: numberAbove(0),
    signal: abortSignal,
    onEvent: callable,
  });
  checkUrl(url);
  const { credentials, insecure, signal } = given;
  if ((await threadMode()) !== 'shared') {
    throw new LanewiseError(
      'platform',
      'a worker computes in threads, and this process may not have any',
      'run it with --allow-worker',
    );
  }
  const [strict, fused] = [await buildOf('strict'), await buildOf('fused')];
  signal?.throwIfAborted();
  const transport = await connect('serveWorker', {
    url,
    ...(credentials === undefined ? {} : { credentials }),
    ...(insecure === undefined ? {} : { insecure }),
  });
  const { seats, denied } = await serve(transport, given, { strict, fused });
  if (typeof url === 'string') await transport.close();
  await seats.close();
  if (denied === undefined) return;
  throw new LanewiseError(
    'platform',
    `serveWorker: ${denied}`,
    "use a worker's credentials, such as worker-1.json: those of the coordinator are for train",
  );
}

function checkUrl(url: unknown): void {
  const isTransport = typeof (url as Partial<Transport> | null)?.publish === 'function';
  if (!isTransport) text('serveWorker', 'url', url);
}

type Builds = Parameters<typeof createSeats>[0]['builds'];

interface Served {
  readonly seats: Seats;
  /** What the server does not let this user do. */
  readonly denied: string | undefined;
}

/** Serves until the end, and says goodbye. */
async function serve(
  transport: Transport,
  options: WorkerOptions,
  builds: Builds,
): Promise<Served> {
  const { threads = machineParallelism(), cache, signal, onEvent = () => {} } = options;
  const { maxMemory = Math.min(MOST_MEMORY, Math.floor(totalmem() / 2)) } = options;
  const { user } = transport;
  const id = crypto.randomUUID().slice(0, 8);
  let isOpen = true;
  let denied: string | undefined;
  const stop = new AbortController();
  const seats = createSeats({
    transport,
    user,
    id,
    threads,
    engine: engineName(),
    builds,
    canFuse: relaxedMaddIsFused(),
    load: {
      blobs: transport.blobs,
      cache: { ...defaultBlobCache(), ...(cache === undefined ? {} : { folder: cache }) },
      threads,
      maxMemory,
      onUnkept: ({ message: reason }) => onEvent({ kind: 'unkept', reason }),
    },
    onEvent,
  });
  onEvent({ kind: 'connected', name: `${user}.${id}`, threads });
  transport.onLink((state) => {
    if (!isOpen) return;
    onEvent({ kind: 'link', state });
    if (state === 'restored') seats.restored();
  });
  transport.onRefused((reason) => {
    if (!isOpen) return;
    denied ??= reason;
    stop.abort();
  });
  const unsubscribe = [CALLS, workerSubject(user, id)].map((subject) =>
    transport.subscribe(subject, ({ body }) => seats.hear(body)),
  );
  const signals = signal ? [signal, stop.signal] : [stop.signal];
  const reason = await untilEnd(seats, options.idleMinutes, AbortSignal.any(signals));
  isOpen = false;
  for (const end of unsubscribe) end();
  seats.leave(reason);
  await lastWords(transport);
  return { seats, denied };
}

/** Keeps time until the worker is to end; resolves to the reason. */
function untilEnd(seats: Seats, idleMinutes = Infinity, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const end = (reason: string) => {
      clearInterval(ticker);
      signal.removeEventListener('abort', stop);
      resolve(reason);
    };
    const stop = () => end('it was told to stop');
    const ticker = setInterval(() => {
      seats.tick();
      if (seats.idle() * TICK >= idleMinutes * MINUTE)
        end(`no coordinator has called for ${idleMinutes} minutes`);
    }, TICK);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
}

/** Waits until the server has what was said last; not if it cannot be reached. */
async function lastWords(transport: Transport): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST_WORDS)));
  await Promise.race([transport.flush().catch(() => {}), late]);
  clearTimeout(timer);
}
