/**
 * The bytes of a receipt: a header, and one entry for each step and for the state before the first. Each entry has a hash
 * over itself and the hash before it, so that two receipts with the same hash at a step are the same up to there.
 *
 * Header, 64 bytes: 16 of `LANEWISE RECEIPT`; the version, 1; steps between two hashes of the whole state; the SHA-256 of
 * what the run is (its description, train/describe-run.ts); 8 zeros.
 * Entry, 72 bytes: the digest of the state after the step (step/digests.ts), 16; the step's loss as a float64; its epoch
 * and its place in that, from 0; the first 8 bytes of the SHA-256 of its samples' numbers, or zeros if they come in a
 * stream; the chain's hash, 32. Where the whole state is hashed, its SHA-256 stands before the chain's.
 * Numbers are little-endian: whole ones of 32 bits, digests two of 64.
 */
import * as crypto from 'node:crypto';
import { oneOf, wholeFrom } from '../base/check.js';
import { readAs } from '../base/check-json.js';
import type { Digest } from '../step/digests.js';

/** One step of a receipt; step 0 is the state before the first. */
export interface ReceiptEntry {
  readonly step: number;
  /** Digest of the state after the step, in hexadecimal: for mistakes, not against somebody who means to deceive. */
  readonly digest: string;
  /** The step's loss, and where its samples are: the epoch from 1, the minibatch within it from 0; 0 for step 0. */
  readonly loss: number;
  readonly epoch: number;
  readonly place: number;
  /** The beginning of the SHA-256 of the samples' numbers; zeros if they come in a stream. */
  readonly samples: string;
  /** SHA-256 of the whole state, after every so many steps. */
  readonly state?: string;
  /** SHA-256 over all of this and the chain before it. */
  readonly chain: string;
}

/** What a receipt says first. */
export interface ReceiptHeader {
  /** SHA-256 of the run's description. */
  readonly run: string;
  /** Steps between two hashes of the whole state. */
  readonly every: number;
}

const MAGIC = Buffer.from('LANEWISE RECEIPT');
const VERSION = 1;
export const HEADER_BYTES = 64;
const FIELD_BYTES = 40;
const HASH_BYTES = 32;
const ENTRY_BYTES = FIELD_BYTES + HASH_BYTES;

/**
 * Steps between two hashes of the whole state: a hash takes as long as 16 to 64 digests, so that all hashes together take at
 * most half as long as all digests.
 */
export const EVERY = 128;

/** Where the entry of a step begins. */
export const offsetOf = (step: number, every: number): number =>
  HEADER_BYTES + step * ENTRY_BYTES + Math.ceil(step / every) * HASH_BYTES;

/** The last step of which a file of so many bytes has the whole entry; −1 if it has none. */
export function lastStep(bytes: number, every: number): number {
  const most = Math.floor((bytes - HEADER_BYTES) / ENTRY_BYTES);
  let step = Math.floor((bytes - HEADER_BYTES) / (ENTRY_BYTES + HASH_BYTES / every)) + 1;
  step = Math.min(most, step);
  while (step >= 0 && offsetOf(step + 1, every) > bytes) step--;
  return step;
}

/** The same bytes. Declarations do without Node's own types: those who check against ours may not have them. */
const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

const hasState = (step: number, every: number): boolean => step % every === 0;

export function encodeHeader({ run, every }: ReceiptHeader): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, 16);
  bytes.writeUInt32LE(every, 20);
  bytes.write(run, 24, 'hex');
  return bytes;
}

/** @throws LanewiseError kind 'file' for bytes that do not begin a receipt. */
export function decodeHeader(header: Uint8Array, path: string): ReceiptHeader {
  const bytes = bufferOf(header);
  const owner = `'${path}'`;
  const is = (what: string, value: unknown, check: ReturnType<typeof oneOf>) =>
    readAs('file', owner, what, value, check);
  is('its first bytes', bytes.toString('latin1', 0, 16), oneOf([MAGIC.toString('latin1')]));
  is('its header', bytes.length, wholeFrom(HEADER_BYTES, HEADER_BYTES));
  is('its version', bytes.readUInt32LE(16), oneOf([VERSION]));
  const every = bytes.readUInt32LE(20);
  is('its steps between two hashes of the state', every, wholeFrom(1, 2 ** 20));
  return { run: bytes.toString('hex', 24, 56), every };
}

/** What a step leaves. */
export interface StepRecord {
  readonly digest: Digest;
  readonly loss: number;
  readonly epoch: number;
  readonly place: number;
  readonly samples?: Uint8Array;
  /** SHA-256 of the whole state, where it is due. */
  readonly state?: Uint8Array;
}

/** In one call where the engine has it, which takes half the time. */
const sha256 = (bytes: Uint8Array): Buffer =>
  (crypto as Partial<typeof crypto>).hash?.('sha256', bytes, 'buffer') ??
  crypto.createHash('sha256').update(bytes).digest();

/** The chain's hash before step 0. */
export const firstChain = (every: number): Uint8Array =>
  sha256(encodeHeader({ run: '', every }).subarray(0, 24));

/** What is hashed before an entry's content: the chain's hash before, and the step as 64 bits. */
const LEAD_BYTES = HASH_BYTES + 8;

/** An entry's bytes; the last 32 are the chain's hash, `before` is the one before. */
export function encodeEntry(before: Uint8Array, step: number, record: StepRecord): Uint8Array {
  const { digest, loss, epoch, place, samples, state } = record;
  const content = FIELD_BYTES + (state ? HASH_BYTES : 0);
  // From the pool of small buffers: each byte is written below.
  const hashed = Buffer.allocUnsafe(LEAD_BYTES + content + HASH_BYTES);
  hashed.set(before);
  hashed.writeBigUInt64LE(BigInt(step), HASH_BYTES);
  const bytes = hashed.subarray(LEAD_BYTES);
  bytes.writeBigUInt64LE(digest[0], 0);
  bytes.writeBigUInt64LE(digest[1], 8);
  bytes.writeDoubleLE(loss, 16);
  bytes.writeUInt32LE(epoch, 24);
  bytes.writeUInt32LE(place, 28);
  bytes.fill(0, 32, FIELD_BYTES);
  if (samples) bytes.set(samples.subarray(0, 8), 32);
  if (state) bytes.set(state, FIELD_BYTES);
  bytes.set(sha256(hashed.subarray(0, LEAD_BYTES + content)), content);
  return bytes;
}

/** The first 8 bytes of the SHA-256 of samples' numbers. */
export const samplesHash = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  sha256(new Uint8Array(buffer, byteOffset, byteLength)).subarray(0, 8);

/** The entry of `step` in its bytes. */
export function decodeEntry(entry: Uint8Array, step: number, every: number): ReceiptEntry {
  const bytes = bufferOf(entry);
  const hex = (from: number, count: number) => bytes.toString('hex', from, from + count);
  const content = FIELD_BYTES + (hasState(step, every) ? HASH_BYTES : 0);
  return {
    step,
    digest: hex(0, 16),
    loss: bytes.readDoubleLE(16),
    epoch: bytes.readUInt32LE(24),
    place: bytes.readUInt32LE(28),
    samples: hex(32, 8),
    ...(hasState(step, every) ? { state: hex(FIELD_BYTES, HASH_BYTES) } : {}),
    chain: hex(content, HASH_BYTES),
  };
}

/** Whether the entry's chain follows from the one before: that of the step before, or of none. */
export function isLinked(entry: ReceiptEntry, before: string | undefined, every: number): boolean {
  const { step, digest, loss, epoch, place, samples, state, chain } = entry;
  if ((state !== undefined) !== hasState(step, every)) return false;
  const bytesOf = (hex: string) => Buffer.from(hex, 'hex');
  const words = bytesOf(digest);
  const found = encodeEntry(before === undefined ? firstChain(every) : bytesOf(before), step, {
    digest: [words.readBigUInt64LE(0), words.readBigUInt64LE(8)],
    loss,
    epoch,
    place,
    samples: bytesOf(samples),
    ...(state === undefined ? {} : { state: bytesOf(state) }),
  });
  return bufferOf(found).toString('hex', found.length - HASH_BYTES) === chain;
}

/** The hash of a whole receipt: of what the run is, and of the last step's chain. */
export const receiptHash = (run: string, chain: string): string =>
  sha256(Buffer.from(run + chain, 'hex')).toString('hex');
