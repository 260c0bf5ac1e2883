/**
 * Files that can prove themselves whole. Their metadata holds a SHA-256 over all of their bytes, its own place read as
 * zeros, which is checked before anything in them is used.
 */
import { parseJson, readAs } from '../base/check-json.js';
import { object } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { safetensorsPieces, type StoredTensor } from '../formats/safetensors.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import { sha256 } from '../base/sha256.js';

const NO_HASH = /* @__PURE__ */ '0'.repeat(64);
const marker = (hash: string): Uint8Array => new TextEncoder().encode(`"sha256":"${hash}"`);

/** The bytes of a safetensors file with its hash, in pieces: its arrays are not copied. */
export async function sealedPieces(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): Promise<readonly Uint8Array[]> {
  const pieces = safetensorsPieces(tensors, { ...metadata, sha256: NO_HASH });
  const [header] = pieces as [Uint8Array];
  header.set(marker(await sha256(...pieces)), findMarker(header)!);
  return pieces;
}

/** @throws LanewiseError kind 'file' unless `expected`, from the file's metadata, is its hash. */
export async function checkSeal(
  bytes: Uint8Array,
  expected: string | undefined,
  name: string,
): Promise<void> {
  const place = expected?.length === NO_HASH.length ? findMarker(bytes, expected) : undefined;
  let found: string | undefined;
  if (place !== undefined) {
    // The hash is replaced in place and put back: the file may be large.
    bytes.set(marker(NO_HASH), place);
    found = await sha256(bytes);
    bytes.set(marker(expected!), place);
  }
  if (found === expected && found !== undefined) return;
  throw new LanewiseError(
    'file',
    `'${name}' was changed or cut short: its SHA-256 is ${found ?? 'missing'}, expected ${expected ?? 'one in its metadata'}`,
  );
}

/** The hash's place in the header that the file begins with. */
function findMarker(bytes: Uint8Array, hash = NO_HASH): number | undefined {
  const wanted = marker(hash);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const end = Math.min(bytes.length, 8 + headerBytes) - wanted.length;
  // The metadata come last, after the architecture, which may be long.
  for (let at = 8; at <= end; at++) {
    let i = 0;
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  return undefined;
}

/** Arrays as tensors of one axis, whose names begin with `prefix`. */
export const flatTensors = (prefix: string, arrays: Weights): [string, StoredTensor][] =>
  [...arrays].map(([name, data]) => [prefix + name, { shape: [data.length], data }]);

/** The arrays among a file's tensors; a parameter may have such a name, too. */
export function tensorsBelow(
  prefix: string,
  { parameters }: Model,
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, Float32Array> {
  const own = new Set(parameters.map(({ name }) => name));
  return new Map(
    [...tensors]
      .filter(([key]) => !own.has(key) && key.startsWith(prefix))
      .map(([key, { data }]) => [key.slice(prefix.length), data]),
  );
}

/** The object that a file's metadata holds as JSON under `key`. @throws LanewiseError kind 'file' for anything else. */
export function parseObject(json: string, key: string, name: string): Record<string, unknown> {
  const place = `its metadata ${key}`;
  return readAs('file', `'${name}'`, place, parseJson('file', `'${name}': ${place}`, json), object);
}
