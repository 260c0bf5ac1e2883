/** `lanewise/cluster`: a worker that computes parts of other machines' training steps. It stands on Node, Deno and Bun. */
export { LanewiseError } from '../base/errors.js';
export { serveWorker, type WorkerOptions } from './serve-worker.js';
export type { WorkerEvent } from './worker-events.js';
export type { Blobs, Delivery, Lease, Leases, LinkState, Transport } from './transport.js';
