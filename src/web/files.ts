/** File access without a file system: files are fetched from URLs, and models are kept in IndexedDB. */
import { LanewiseError } from '../base/errors.js';
import { piecesOf } from '../platform/pieces.js';
import { dropModel, getModel, putModel, storedNames, storedName } from './model-database.js';

export { storedNames };

/** The bytes at a URL, relative to the page; `what` names their kind in messages. @throws LanewiseError kind 'file'. */
export async function readNamedFile(what: string, url: string): Promise<Uint8Array> {
  const name = storedName(url);
  if (name !== undefined) return getModel(what, name);
  const response = await request(what, url);
  return new Uint8Array(await response.arrayBuffer().catch((error) => fail(what, url, error)));
}

/** The bytes at a URL, as they arrive. @throws LanewiseError kind 'file'. */
export async function* readNamedFileInPieces(
  what: string,
  url: string,
): AsyncGenerator<Uint8Array> {
  const { body } = await request(what, url);
  try {
    yield* piecesOf(body!);
  } catch (error) {
    fail(what, url, error);
  }
}

export const isFile = (url: string): Promise<boolean> =>
  fetch(url, { method: 'HEAD' }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Writes to IndexedDB. @throws LanewiseError kind 'platform' for any other address. */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const name = storedName(path);
  if (name !== undefined) return putModel(name, bytes);
  throw new LanewiseError(
    'platform',
    `cannot write '${path}': there is no file system here`,
    'indexeddb://NAME keeps it in the page’s database; encodeModel gives the bytes, to offer as a download',
  );
}

/** Removes a model from the page's IndexedDB. */
export const removeStored = (address: string): Promise<void> => dropModel(storedName(address)!);

async function request(what: string, url: string): Promise<Response> {
  const response = await fetch(url).catch((error) => fail(what, url, error));
  if (response.ok) return response;
  return fail(what, url, new Error(`the server answered ${response.status}`));
}

function fail(what: string, url: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new LanewiseError('file', `cannot read ${what} '${url}': ${reason}`, undefined, { cause });
}
