/** File access without a file system: reading fetches from URLs, writing is refused. */
import { LanewiseError } from '../base/errors.js';
import { piecesOf } from '../platform/pieces.js';

/** The bytes at a URL, relative to the page; `what` names their kind in messages. @throws LanewiseError kind 'file'. */
export async function readNamedFile(what: string, url: string): Promise<Uint8Array> {
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

/** @throws LanewiseError kind 'platform': always. */
export async function writeFile(path: string, _bytes: Uint8Array): Promise<void> {
  throw new LanewiseError(
    'platform',
    `cannot write '${path}': there is no file system here`,
    'encodeModel gives the bytes, to offer as a download or to keep in IndexedDB',
  );
}

async function request(what: string, url: string): Promise<Response> {
  const response = await fetch(url).catch((error) => fail(what, url, error));
  if (response.ok) return response;
  return fail(what, url, new Error(`the server answered ${response.status}`));
}

function fail(what: string, url: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new LanewiseError('file', `cannot read ${what} '${url}': ${reason}`, undefined, { cause });
}
