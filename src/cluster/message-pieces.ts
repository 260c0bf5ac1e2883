/**
 * Large messages in pieces that a server carries. Who puts one together says how long it must be; every size and count of
 * a piece is checked against that before memory is taken.
 */
import { LanewiseError } from '../base/errors.js';
import type { Piece } from './cluster-messages.js';

/** Bytes of the largest piece. */
const LARGEST = 900 * 1024;

/** Bytes kept for a piece's header, at least: a step's names all machines. */
const HEADER = 4096;

/** Bytes of a message's pieces, where a body may have `maxBody`: an eighth of it is the header's. */
export const pieceSize = (maxBody: number): number =>
  Math.min(LARGEST, maxBody - Math.max(HEADER, Math.ceil(maxBody / 8)));

/** Bytes below which a part's pieces are not cut smaller for want of room. */
const SMALLEST = 4096;

/** How parts are sent where a machine may have `room` bytes under way: in pieces of at most `largest`, and so many at a time. */
export function windowOf(
  room: number,
  largest: number,
): { readonly size: number; readonly window: number } {
  // Two at least, so that one is on its way while another is taken.
  const size = Math.min(largest, Math.max(SMALLEST, Math.floor(room / 2)));
  return { size, window: Math.max(1, Math.floor(room / size)) };
}

/** One piece of a message: what its header says of it, and its bytes, as views of the message's. */
export interface Cut {
  readonly piece: Omit<Piece, 'serial'>;
  readonly bytes: readonly Uint8Array[];
}

/** The pieces, of at most `size` bytes, of a message that consists of parts. An empty message is one empty piece. */
export function* cutPieces(parts: readonly Uint8Array[], size: number): Generator<Cut> {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const pieces = Math.max(1, Math.ceil(bytes / size));
  for (let piece = 0; piece < pieces; piece++)
    yield {
      piece: { piece, pieces, bytes },
      bytes: cutRange(parts, piece * size, Math.min(bytes, (piece + 1) * size)),
    };
}

/** Bytes [first, end) of all parts, as views. */
function cutRange(parts: readonly Uint8Array[], first: number, end: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  let at = 0;
  for (const part of parts) {
    const [from, to] = [Math.max(first - at, 0), Math.min(end - at, part.length)];
    if (from < to) cut.push(part.subarray(from, to));
    at += part.length;
  }
  return cut;
}

/** A message that is put together. */
export interface Assembly {
  /** Its bytes; those of pieces that have not come are of any value. */
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly pieces: number;
  /** Bytes of each piece but the last. */
  readonly size: number;
  /** 1 for each piece that has come. */
  readonly taken: Uint8Array;
  /** Pieces that have not. */
  missing: number;
}

/**
 * Bytes of the pieces but the last of a message, by any of its pieces. The whole must have `expected` bytes; `sender` names who sent it.
 * @throws LanewiseError kind 'data' for a piece that is none of such a message.
 */
export function checkFirst(
  sender: string,
  piece: Piece,
  bytes: Uint8Array,
  expected: number,
): number {
  if (piece.bytes !== expected)
    throw misfit(sender, piece, `says that the whole has ${piece.bytes} bytes`, `${expected}`);
  const size = sizeOf(piece, bytes.length);
  // Only an empty message has an empty piece: pieces without bytes would complete a whole of which nothing has come.
  const isCut = Number.isInteger(size) && size >= bytes.length && (size > 0 || expected === 0);
  if (!isCut || Math.max(1, Math.ceil(expected / Math.max(1, size))) !== piece.pieces)
    throw misfit(sender, piece, `has ${bytes.length} bytes`, 'pieces of one size');
  return size;
}

/**
 * Begins a message with any of its pieces, which is not yet added. It is put together in `memory`, if
 * that is given and as long as the whole, and in new memory otherwise.
 * @throws LanewiseError kind 'data' as `checkFirst`.
 */
export function beginAssembly(
  sender: string,
  piece: Piece,
  bytes: Uint8Array,
  expected: number,
  memory?: Uint8Array<ArrayBuffer>,
): Assembly {
  const size = checkFirst(sender, piece, bytes, expected);
  return {
    whole: memory?.length === expected ? memory : new Uint8Array(expected),
    pieces: piece.pieces,
    size,
    taken: new Uint8Array(piece.pieces),
    missing: piece.pieces,
  };
}

/** Bytes of the pieces but the last, as this one of `length` bytes tells: the last has what is left. */
function sizeOf({ piece, pieces, bytes }: Piece, length: number): number {
  if (piece < pieces - 1) return length;
  return pieces === 1 ? length : (bytes - length) / (pieces - 1);
}

/**
 * Adds a piece, and returns whether the message is complete. A piece that has come before changes nothing.
 * @throws LanewiseError kind 'data' for a piece of another message.
 */
export function addPiece(
  sender: string,
  assembly: Assembly,
  piece: Piece,
  bytes: Uint8Array,
): boolean {
  const { whole, pieces, size } = assembly;
  if (piece.pieces !== pieces || piece.bytes !== whole.length)
    throw misfit(
      sender,
      piece,
      `is one of ${piece.pieces} of ${piece.bytes} bytes`,
      `${pieces} of ${whole.length}`,
    );
  const at = piece.piece * size;
  const length = Math.min(size, whole.length - at);
  if (bytes.length !== length)
    throw misfit(sender, piece, `has ${bytes.length} bytes`, `${length}`);
  if (assembly.taken[piece.piece] === 0) {
    whole.set(bytes, at);
    assembly.taken[piece.piece] = 1;
    assembly.missing--;
  }
  return assembly.missing === 0;
}

const misfit = (sender: string, piece: Piece, found: string, expected: string): LanewiseError =>
  new LanewiseError(
    'data',
    `piece ${piece.piece + 1} of ${piece.pieces} from ${sender} ${found}, expected ${expected}`,
  );
