/**
 * The messages of a cluster. Each is a small header, as JSON, before its bytes; the first four bytes are the header's length
 * (little endian). Headers are checked field by field when they are read: nothing that a peer says is trusted.
 */
import type { Numerics } from '../engine/features.js';
import type { ShardRange } from '../step/jobs.js';

/** Grows when messages change; peers of another protocol refuse each other. */
export const PROTOCOL = 1;

/**
 * Bytes of a step beyond which its sending is paced: each worker says `received` after every RECEIVED_EVERY pieces, and the coordinator
 * stays at most AHEAD bytes ahead of the slowest. Of parts, AHEAD bytes of all machines together are under way to the coordinator.
 */
export const PACED = 16 * 2 ** 20;
export const AHEAD = 24 * 2 ** 20;
export const RECEIVED_EVERY = 4;

/** What two machines must have in common to compute the same bits. */
export interface Build {
  readonly protocol: number;
  /** The package's version. */
  readonly version: string;
  /** SHA-256 of the kernels' file of these numerics. */
  readonly wasm: string;
  readonly numerics: Numerics;
}

/** The coordinator, to all: a run goes on here, who takes part? Sent every 250 ms. */
export interface Call extends Omit<Build, 'protocol'> {
  readonly kind: 'call';
  readonly protocol: number;
  readonly run: string;
  readonly epoch: number;
}

/** A worker that wants to take part. */
export interface Hello extends Build {
  readonly kind: 'hello';
  readonly threads: number;
  /** What runs it, such as `Node 22.4.0`. */
  readonly engine: string;
}

/** A worker that cannot take part says why; so does the coordinator that does not let it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly epoch: number;
  readonly reason: string;
  readonly hint?: string;
}

/** Contents in the blobs. */
export interface BlobRef {
  readonly sha256: string;
  readonly bytes: number;
}

/** The coordinator takes a worker: what it computes with. */
export interface Welcome {
  readonly kind: 'welcome';
  readonly epoch: number;
  /** The plan for the worker's threads (plan-wire.ts). */
  readonly plan: BlobRef;
  /** Contents of regions: columns of data, and parameters that are not trained. `offset` is in the region. */
  readonly contents: readonly (BlobRef & { readonly region: string; readonly offset: number })[];
}

/** A worker is ready for the next step. */
export interface Ready {
  readonly kind: 'ready';
  readonly epoch: number;
  readonly plan: string;
}

/** A worker lives, every 250 ms. */
export interface Beat {
  readonly kind: 'beat';
  readonly epoch: number;
}

/** A message in pieces: this is the bytes from `piece` × the size of a piece on. All but the last are of one size. */
export interface Piece {
  readonly serial: number;
  readonly piece: number;
  readonly pieces: number;
  /** Bytes of the whole. */
  readonly bytes: number;
}

/** Who computes what in a step: shards by machine. */
export type Assignment = Readonly<Record<string, ShardRange>>;

/**
 * The coordinator, to all: a step. The whole is the places of the samples (size × u32), then `trainedBytes` of weights.
 * `serial` names this sending: it grows within an epoch, so parts of an abandoned attempt are recognised.
 */
export interface StepPiece extends Piece {
  readonly kind: 'step';
  readonly epoch: number;
  /** In piece 0 only. */
  readonly step?: number;
  readonly key?: readonly [number, number];
  readonly size?: number;
  readonly assignment?: Assignment;
  /** Bytes of parts that each machine may have under way (windowOf): a share of AHEAD. */
  readonly room?: number;
}

/** The coordinator, to one worker: compute these shards of the step as well. */
export interface Redo {
  readonly kind: 'redo';
  readonly epoch: number;
  readonly serial: number;
  readonly range: ShardRange;
}

/**
 * A worker's part: a node of the tree of shards. The whole is STEP_FIGURES floats a shard, then `gradientBytes` of the
 * node's sum.
 */
export interface PartPiece extends Piece {
  readonly kind: 'part';
  readonly epoch: number;
  readonly node: ShardRange;
  /** Milliseconds for all shards of the job that it belongs to, and their number. */
  readonly ms: number;
  readonly shards: number;
}

/**
 * The coordinator took pieces of a worker's parts: as many more may be sent. With each new serial of a step the window is whole
 * again.
 */
export interface Credit {
  readonly kind: 'credit';
  readonly epoch: number;
  readonly pieces: number;
}

/** A worker has received pieces of a step up to this one, which paces the sending of large models. */
export interface Received {
  readonly kind: 'received';
  readonly epoch: number;
  readonly serial: number;
  readonly piece: number;
}

/** A machine leaves in peace: a worker that was told to stop, or a coordinator whose run ended. */
export interface Leave {
  readonly kind: 'leave';
  readonly epoch: number;
  readonly reason: string;
}

/** What a coordinator sends, and what a worker sends. */
export type FromCoordinator = Call | Refusal | Welcome | StepPiece | Redo | Credit | Leave;
export type FromWorker = Hello | Refusal | Ready | Beat | PartPiece | Received | Leave;
