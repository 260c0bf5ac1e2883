/** Reading of files in a file system, whole or in pieces, with errors that name the file and the reason. */
import { open, readFile, stat } from 'node:fs/promises';
import { LanewiseError } from '../base/errors.js';
import { writeFileAtomic } from './atomic.js';

/** The refusal of what only pages have. */
const noDatabase = (what: string): LanewiseError =>
  new LanewiseError(
    'platform',
    `${what}: there is no IndexedDB here, which pages and their workers have`,
    'in Node, Deno and Bun a model is a file: give its path',
  );

export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  if (path.startsWith('indexeddb://')) throw noDatabase(`cannot write '${path}'`);
  await writeFileAtomic(path, bytes);
}

export const storedNames = async (): Promise<string[]> => {
  throw noDatabase('cannot list the models of a page');
};

export const removeStored = async (address: string): Promise<void> => {
  throw noDatabase(`cannot remove '${address}'`);
};

/** The bytes of a file; `what` names its kind in messages. @throws LanewiseError kind 'file'. */
export async function readNamedFile(what: string, path: string): Promise<Uint8Array> {
  if (path.startsWith('indexeddb://')) throw noDatabase(`cannot read ${what} '${path}'`);
  try {
    const { size } = await stat(path);
    if (size > MOST_AT_ONCE) return await readLarge(path, size);
    const { buffer, byteOffset, length } = await readFile(path);
    // A copy rather than a Buffer, whose slices share memory.
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw cannotRead(what, path, error);
  }
}

/** Bytes read at a time: `readFile` refuses files of 2 GiB and more. */
const MOST_AT_ONCE = 2 ** 30;

/** The first `size` bytes of a file, or all if it has become shorter. */
async function readLarge(path: string, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  const file = await open(path);
  try {
    let end = 0;
    for (let read = 1; read > 0 && end < size; end += read)
      ({ bytesRead: read } = await file.read(bytes, end, Math.min(MOST_AT_ONCE, size - end)));
    return bytes.subarray(0, end);
  } finally {
    await file.close();
  }
}

const PIECE_BYTES = 1 << 18;

/** The bytes of a file from its start, a piece at a time. @throws LanewiseError kind 'file'. */
export async function* readNamedFileInPieces(
  what: string,
  path: string,
): AsyncGenerator<Uint8Array> {
  const failed = (error: unknown): never => {
    throw cannotRead(what, path, error);
  };
  const file = await open(path).catch(failed);
  try {
    for (;;) {
      // A new piece each time: the consumer may still hold the last one.
      const piece = new Uint8Array(PIECE_BYTES);
      const { bytesRead } = await file.read(piece).catch(failed);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** `cannot read text 'a.txt': there is no such file`. */
export function cannotRead(what: string, path: string, error: unknown): LanewiseError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason =
    code === 'ENOENT'
      ? 'there is no such file'
      : code === 'EISDIR'
        ? 'it is a folder, expected a file'
        : message;
  const way =
    code === 'EISDIR' && (what === 'model' || what === 'weights')
      ? `a run's is ${path}/model.safetensors`
      : undefined;
  return new LanewiseError('file', `cannot read ${what} '${path}': ${reason}`, way, {
    cause: error,
  });
}

export const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
