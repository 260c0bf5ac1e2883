/**
 * A transport without a network: several ends in one process, for tests, and for machines that a program simulates. Links
 * can be cut, slowed and dropped. As with a server, messages are lost while a link is cut, and a body is overwritten
 * when its handler has returned.
 */
import { setImmediate, setTimeout } from 'node:timers';
import { setImmediate as turn } from 'node:timers/promises';
import { LanewiseError } from '../base/errors.js';
import { checkBlob } from './check-blob.js';
import { createLeases, type Entry, type Register } from './hold-lease.js';
import { matches } from './subjects.js';
import type { Blobs, Delivery, LinkState, Transport } from './transport.js';

/** One end of a hub, and what can happen to it. */
export interface MemoryLink {
  readonly transport: Transport;
  /** What it sends and what others send to it is lost from now on; others do not learn of it. */
  cut(): void;
  restore(): void;
  /** Its process is gone: probes find nobody, and its leases are not renewed. */
  die(): void;
  /** What is sent to it from now on arrives so many milliseconds later. */
  delay(ms: number): void;
}

export interface MemorySettings {
  /** Bytes of the largest body; default 1 MiB. */
  readonly maxBody?: number;
  /** Milliseconds after which a lease that is not renewed is free; default 3,000. */
  readonly leaseMs?: number;
}

/** What the ends share. */
interface Hub {
  readonly maxBody: number;
  readonly leaseMs: number;
  readonly ends: Set<End>;
  readonly blobs: Map<string, Uint8Array<ArrayBuffer>>;
  readonly entries: Map<string, Entry>;
  /** The largest revision of an entry. */
  revision: number;
}

interface Waiting {
  /** When it arrives, by performance.now(). */
  readonly due: number;
  readonly subject: string;
  readonly body: Uint8Array;
}

interface End {
  readonly subscriptions: Set<{ pattern: string; hear: (delivery: Delivery) => void }>;
  readonly queue: Waiting[];
  readonly links: Set<(state: LinkState) => void>;
  isCut: boolean;
  isGone: boolean;
  isDraining: boolean;
  delay: number;
}

/** A hub in memory; its function makes one more end, of a user. */
export function createMemoryHub(settings: MemorySettings = {}): (user?: string) => MemoryLink {
  const { maxBody = 2 ** 20, leaseMs = 3000 } = settings;
  const hub: Hub = {
    maxBody,
    leaseMs,
    ends: new Set(),
    blobs: new Map(),
    entries: new Map(),
    revision: 0,
  };
  return (user = 'local') => createLink(hub, user);
}

function createLink(hub: Hub, user: string): MemoryLink {
  const end: End = {
    subscriptions: new Set(),
    queue: [],
    links: new Set(),
    isCut: false,
    isGone: false,
    isDraining: false,
    delay: 0,
  };
  hub.ends.add(end);
  const leases = createLeases(createRegister(hub, end), hub.leaseMs);
  const leave = (): void => {
    end.isGone = true;
    hub.ends.delete(end);
    leases.stop();
  };
  const set = (isCut: boolean): void => {
    if (isCut === end.isCut) return;
    end.isCut = isCut;
    for (const hear of end.links) setImmediate(hear, isCut ? 'cut' : 'restored');
  };
  return {
    transport: {
      user,
      maxBody: hub.maxBody,
      ...messagesOf(hub, end),
      onLink: (hear) => void end.links.add(hear),
      // Everything is permitted.
      onRefused() {},
      blobs: createBlobs(hub, end),
      leases,
      async close() {
        await turn();
        leave();
      },
    },
    cut: () => set(true),
    restore: () => set(false),
    die: leave,
    delay: (ms) => (end.delay = ms),
  };
}

type Messages = Pick<Transport, 'publish' | 'subscribe' | 'flush' | 'probe'>;

function messagesOf(hub: Hub, end: End): Messages {
  return {
    publish(subject, body) {
      if (body.length > hub.maxBody)
        throw new LanewiseError(
          'argument',
          `a message to ${subject} has ${body.length} bytes, expected at most ${hub.maxBody}`,
        );
      if (end.isCut || end.isGone) return;
      const copy = body.slice();
      for (const other of hub.ends) {
        if (other.isCut || !hears(other, subject)) continue;
        other.queue.push({ due: performance.now() + other.delay, subject, body: copy });
        drain(other);
      }
    },
    subscribe(pattern, hear) {
      const subscription = { pattern, hear };
      end.subscriptions.add(subscription);
      return () => void end.subscriptions.delete(subscription);
    },
    async flush() {
      await reach(end);
    },
    probe(subject, onNone) {
      setImmediate(() => {
        if (end.isCut || end.isGone) return;
        if (![...hub.ends].some((other) => hears(other, subject))) onNone();
      });
    },
  };
}

const hears = (end: End, subject: string): boolean =>
  [...end.subscriptions].some(({ pattern }) => matches(pattern, subject));

/** Hands out what has arrived in a later turn, as long as there is any. */
function drain(end: End): void {
  if (end.isDraining || end.queue.length === 0) return;
  end.isDraining = true;
  const wait = end.queue[0]!.due - performance.now();
  const go = (): void => {
    end.isDraining = false;
    while (end.queue.length > 0 && end.queue[0]!.due <= performance.now()) hand(end);
    drain(end);
  };
  if (wait > 0) setTimeout(go, Math.ceil(wait));
  else setImmediate(go);
}

function hand(end: End): void {
  const { subject, body } = end.queue.shift()!;
  if (end.isGone || end.isCut) return;
  for (const { pattern, hear } of end.subscriptions) {
    if (!matches(pattern, subject)) continue;
    const own = body.slice();
    hear({ subject, body: own });
    own.fill(0xff);
  }
}

/** @throws LanewiseError kind 'network' while the link is cut. */
async function reach(end: End): Promise<void> {
  await turn();
  if (end.isCut || end.isGone)
    throw new LanewiseError('network', 'the link is cut, expected one that holds');
}

function createBlobs(hub: Hub, end: End): Blobs {
  return {
    async has(sha256) {
      await reach(end);
      return hub.blobs.has(sha256);
    },
    async put(sha256, bytes) {
      const own = bytes.slice();
      await checkBlob(sha256, own);
      await reach(end);
      hub.blobs.set(sha256, own);
    },
    async get(sha256, bytes) {
      await reach(end);
      const found = hub.blobs.get(sha256)?.slice();
      return checkBlob(sha256, found, bytes);
    },
  };
}

function createRegister(hub: Hub, end: End): Register {
  return {
    async read(name) {
      await reach(end);
      return hub.entries.get(name);
    },
    async replace(name, value, last) {
      await reach(end);
      if ((hub.entries.get(name)?.revision ?? 0) !== last) return undefined;
      hub.entries.set(name, { value, revision: ++hub.revision });
      return hub.revision;
    },
  };
}
