/** The register of leases in a NATS server's bucket of entries. */
import type { NatsConnection } from '@nats-io/transport-node';
import type { KV } from '@nats-io/kv';
import type { Register } from './hold-lease.js';
import { loadKv } from './nats-packages.js';
import { storeError } from './nats-errors.js';
import type { OrCut } from './nats-link.js';
import { BUCKET } from './subjects.js';

/** JetStream's code for an entry that was written meanwhile. */
const OTHER_REVISION = 10_071;

/** Milliseconds for a writing: what is lost in a cut is written again before the lease runs out. */
const PATIENCE = 1000;

export function createNatsRegister(nc: NatsConnection, orCut: OrCut): Register {
  let opened: Promise<KV> | undefined;
  const open = async (): Promise<KV> => {
    const { Kvm } = await loadKv();
    return new Kvm(nc).create(BUCKET, { history: 1 });
  };
  /** Runs a request; the bucket is opened anew after one that failed. */
  const ask = async <T>(what: string, request: (bucket: KV) => Promise<T>): Promise<T> => {
    try {
      return await orCut((async () => request(await (opened ??= open())))());
    } catch (error) {
      opened = undefined;
      throw storeError(what, error);
    }
  };
  return {
    read: (name) =>
      ask(`reading the lease '${name}'`, async (bucket) => {
        const entry = await bucket.get(name);
        if (!entry) return undefined;
        const value = entry.operation === 'PUT' ? entry.string() : '';
        return { value, revision: entry.revision };
      }),
    replace: (name, value, last) =>
      ask(`writing the lease '${name}'`, async (bucket) => {
        try {
          return await bucket.put(name, value, { previousSeq: last, timeout: PATIENCE });
        } catch (error) {
          if ((error as { code?: unknown }).code === OTHER_REVISION) return undefined;
          throw error;
        }
      }),
  };
}
