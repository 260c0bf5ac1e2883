/**
 * Contents in a NATS server's object bucket, each under its SHA-256. They are read one piece at a time by direct requests,
 * the only ones of JetStream that a worker may send; nothing is pushed, so a slow reader loses nothing.
 */
import type { DirectMsgRequest, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ObjectStore } from '@nats-io/obj';
import { setTimeout as sleep } from 'node:timers/promises';
import { natural, refuse, type Check } from '../base/check.js';
import { fields, readAs, string } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import { checkBlob, wrongLength } from './check-blob.js';
import type { OrCut } from './nats-link.js';
import { loadJetstream, loadObjects, loadTransportNode } from './nats-packages.js';
import { isNobody, storeError } from './nats-errors.js';
import { BUCKET } from './subjects.js';
import type { Blobs } from './transport.js';

const STREAM = `OBJ_${BUCKET}`;

/** Contents are removed this many milliseconds after they were stored, and stored anew when a third of that has passed. */
const KEPT = 30 * 24 * 60 * 60 * 1000;

/** Bytes of a stored piece, at most, and less than half of the largest payload: its headers count too. */
const PIECE = 512 * 1024;

/** Attempts at a request whose answer was lost, as when the server is started again, and milliseconds between them. */
const ATTEMPTS = 20;
const PAUSE = 500;

/** Milliseconds for the answer to a reading: a piece takes 8 s at 0.5 Mbit/s. */
const PATIENCE = 10_000;

/** What is stored of contents besides their pieces. */
interface Info {
  /** The word under which the pieces are. */
  readonly nuid: string;
  readonly size: number;
  readonly digest: string;
  readonly mtime: string;
  readonly deleted?: boolean;
}

const word: Check = (owner, name, value) => {
  if (typeof value !== 'string' || !/^\w{1,64}$/.test(value))
    refuse(owner, name, value, 'a word of letters and digits');
};

const checkInfo = fields({ nuid: word, size: natural, digest: string, mtime: string }, true);

/** Contents stored at the server of a connection. Workers may `get`; the others are for who leads. */
export function createNatsBlobs(nc: NatsConnection, orCut: OrCut): Blobs {
  const largest = Math.min(PIECE, Math.floor(nc.info!.max_payload / 2));
  let manager: Promise<JetStreamManager> | undefined;
  let bucket: Promise<ObjectStore> | undefined;
  /** Opens the bucket, or makes it. */
  const open = async (): Promise<ObjectStore> => {
    bucket ??= createBucket(nc);
    return bucket.catch((error: unknown) => {
      bucket = undefined;
      throw error;
    });
  };
  const read: Reader = async (query) => {
    const { jetstreamManager } = await loadJetstream();
    // Whether there is JetStream is not asked: a worker may not.
    const { direct } = await (manager ??= jetstreamManager(nc, {
      checkAPI: false,
      timeout: PATIENCE,
    }));
    return orCut(direct.getMessage(STREAM, query));
  };
  return {
    has: (sha256) =>
      persist('looking for contents', async () => {
        await open();
        const info = await findInfo(sha256, read);
        return info !== undefined && (await hasPieces(info, read));
      }),
    async put(sha256, bytes) {
      await checkBlob(sha256, bytes);
      await persist('storing contents', async () => {
        const store = await open();
        const info = await findInfo(sha256, read);
        if (info && isFresh(info, sha256, bytes.length) && (await hasPieces(info, read))) return;
        const meta = { name: sha256, options: { max_chunk_size: largest } };
        await orCut(store.putBlob(meta, bytes));
      });
    },
    async get(sha256, bytes) {
      const info = await persist('reading contents', () => findInfo(sha256, read));
      if (!info) return checkBlob(sha256, undefined, bytes);
      if (info.size !== bytes) throw wrongLength(sha256, info.size, bytes);
      return checkBlob(sha256, await readPieces(info, read), bytes);
    },
  };
}

async function createBucket(nc: NatsConnection): Promise<ObjectStore> {
  const [{ Objm, setSha256Backend }, { nanos }] = await Promise.all([
    loadObjects(),
    loadTransportNode(),
  ]);
  setSha256Backend('native');
  return new Objm(nc).create(BUCKET, { ttl: nanos(KEPT) });
}

/** Reads one message of the bucket; null for none. */
type Reader = (query: DirectMsgRequest) => Promise<StoredMsg | null>;

/** What is stored under a hash; undefined for nothing. */
async function findInfo(sha256: string, read: Reader): Promise<Info | undefined> {
  const subject = `$O.${BUCKET}.M.${btoa(sha256)}`;
  const message = await read({ last_by_subj: subject }).catch((error: unknown) => {
    // Nobody answers for a bucket that has not been made.
    if (isNobody(error)) return null;
    throw error;
  });
  if (!message) return undefined;
  const info = readAs<Info>('data', `stored contents ${sha256}`, '', message.json(), checkInfo);
  return info.deleted === true ? undefined : info;
}

/** Whether contents are as they should be, and will be kept for long. */
function isFresh({ size, digest, mtime }: Info, sha256: string, bytes: number): boolean {
  const found = Buffer.from(digest.replace('SHA-256=', ''), 'base64url').toString('hex');
  const age = Date.now() - Date.parse(mtime);
  return size === bytes && found === sha256 && age < KEPT / 3;
}

/**
 * Whether contents have pieces: the library removes them when it takes a storing for failed whose answer came too late, and
 * what says that they are there remains.
 */
const hasPieces = async ({ nuid, size }: Info, read: Reader): Promise<boolean> =>
  size === 0 || (await read({ last_by_subj: `$O.${BUCKET}.C.${nuid}` })) !== null;

/** All pieces of contents, whose size has been checked. */
async function readPieces({ nuid, size }: Info, read: Reader): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(size);
  const subject = `$O.${BUCKET}.C.${nuid}`;
  let at = 0;
  for (let seq = 1; at < size;) {
    const query = { seq, next_by_subj: subject } as DirectMsgRequest;
    const message = await persist('reading contents', () => read(query));
    if (!message || message.data.length === 0 || message.data.length > size - at)
      throw new LanewiseError(
        'data',
        `stored contents end after ${at} bytes, expected ${size}`,
        'the coordinator stores them when it starts: start it again',
      );
    whole.set(message.data, at);
    at += message.data.length;
    seq = message.seq + 1;
  }
  return whole;
}

/** Tries again what fails for want of an answer. @throws LanewiseError for what fails otherwise, or to the end. */
async function persist<T>(what: string, request: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      const told = storeError(what, error);
      if (told.kind !== 'network' || tries === ATTEMPTS) throw told;
      await sleep(PAUSE);
    }
  }
}
