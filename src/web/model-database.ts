/** Models in a page's IndexedDB, by addresses such as `indexeddb://digits`. */
import { LanewiseError } from '../base/errors.js';

const DATABASE = 'lanewise';
const STORE = 'models';

/** The name in an address; undefined for any other address. */
export const storedName = (address: string): string | undefined =>
  address.startsWith('indexeddb://') ? address.slice('indexeddb://'.length) : undefined;

/** Runs one request in a transaction of its own, and resolves once it is on the disk. */
async function inStore<T>(
  mode: IDBTransactionMode,
  what: string,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const database = await opened();
    try {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = transaction.onerror = () =>
          reject(transaction.error ?? request.error ?? new Error('the transaction was aborted'));
      });
      return request.result;
    } finally {
      database.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LanewiseError('file', `cannot ${what}: ${reason}`, undefined, { cause: error });
  }
}

function opened(): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined')
    throw new Error('there is no IndexedDB here, which pages and their workers have');
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('it does not open'));
    request.onblocked = () => reject(new Error('another tab holds an older version open'));
  });
}

/** @throws LanewiseError kind 'file', also if there is no room. */
export async function putModel(name: string, bytes: Uint8Array): Promise<void> {
  checkName(name);
  await inStore('readwrite', `write 'indexeddb://${name}'`, (store) => store.put(bytes, name));
}

/** @throws LanewiseError kind 'file' if there is no such model. */
export async function getModel(what: string, name: string): Promise<Uint8Array> {
  checkName(name);
  const reading = `read ${what} 'indexeddb://${name}'`;
  const found: unknown = await inStore('readonly', reading, (store) => store.get(name));
  if (found instanceof Uint8Array) return found;
  const names = await storedNames();
  throw new LanewiseError(
    'file',
    `cannot ${reading}: there is ${names.length > 0 ? `no such model, but ${names.join(', ')}` : 'no model yet'}`,
  );
}

/** The addresses of the models in the page's IndexedDB. @throws LanewiseError kind 'file' where there is none. */
export const storedNames = async (): Promise<string[]> =>
  (await inStore('readonly', 'list the models', (store) => store.getAllKeys())).map(
    (name) => `indexeddb://${String(name)}`,
  );

export async function dropModel(name: string): Promise<void> {
  checkName(name);
  await inStore('readwrite', `remove 'indexeddb://${name}'`, (store) => store.delete(name));
}

function checkName(name: string): void {
  if (name === '')
    throw new LanewiseError('argument', "'indexeddb://' names no model, expected indexeddb://NAME");
}
