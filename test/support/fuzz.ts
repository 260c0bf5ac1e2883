/**
 * Files that are damaged in ways that files are: bytes changed, cut, repeated, moved. Each is a function of (seed,
 * number), so that a failure can be run again. LANEWISE_FUZZ is how many each test reads.
 */
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { randomStream } from '../../src/random/philox.js';

/** A purpose that nothing else draws for. */
const FUZZ = 99;

export const fuzzCount = (usual: number): number => Number(process.env['LANEWISE_FUZZ'] ?? usual);

/** Damaged copy number `index` of one of `files`. */
export function damaged(files: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const random = randomStream(seed, FUZZ, index);
  let bytes = Uint8Array.from(files[random.integer(files.length)]!);
  const changes = 1 + random.integer(4);
  for (let i = 0; i < changes; i++) {
    const at = random.integer(bytes.length + 1);
    // Headers are where a reader can be led astray: half of the changes go there.
    const place = random.integer(2) ? at : Math.min(at, random.integer(64));
    const length = random.integer(16);
    switch (random.integer(6)) {
      case 0:
        if (place < bytes.length) bytes[place]! ^= 1 << random.integer(8);
        break;
      case 1:
        if (place < bytes.length) bytes[place] = random.integer(256);
        break;
      case 2:
        bytes.fill(random.integer(2) ? 0xff : 0, place, place + length);
        break;
      case 3:
        bytes = bytes.slice(0, place);
        break;
      case 4:
        bytes = joined(bytes.subarray(0, place), bytes.subarray(place + length));
        break;
      default:
        bytes = joined(
          bytes.subarray(0, place),
          bytes.subarray(place, place + length),
          bytes.subarray(place),
        );
    }
  }
  return bytes;
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/**
 * Reads `count` damaged copies: each must end in a LanewiseError or in something that `check` accepts. Some of each
 * must occur, else the test shows nothing.
 */
export async function fuzz<T>(
  files: readonly Uint8Array[],
  count: number,
  read: (bytes: Uint8Array) => T | Promise<T>,
  check: (result: T) => void,
): Promise<void> {
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const bytes = damaged(files, 1, i);
    let result: T;
    try {
      result = await read(bytes);
    } catch (error) {
      if (!(error instanceof LanewiseError)) {
        (error as Error).message = `damaged file ${i}: ${(error as Error).message}`;
        throw error;
      }
      refused++;
      continue;
    }
    try {
      check(result);
    } catch (error) {
      (error as Error).message = `damaged file ${i}: ${(error as Error).message}`;
      throw error;
    }
  }
  assert.ok(refused > 0 && refused < count, `${refused} of ${count} damaged files were refused`);
}
