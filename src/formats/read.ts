/** Reading a file whole (Node), with an error that says which and why not. */
import { readFile } from 'node:fs/promises';
import { LanewiseError } from '../errors.js';

/** The bytes of a file; `what` it is, for messages. @throws LanewiseError kind 'file'. */
export async function readNamedFile(what: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new LanewiseError('file', `cannot read ${what} '${path}': ${reason}`, undefined, {
      cause: error,
    });
  }
}
