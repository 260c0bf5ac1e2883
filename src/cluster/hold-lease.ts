/**
 * Leases over a register of names that is written by compare and set. A holder renews its entry; one that has not
 * changed for a while, by the clock of who looks, is nobody's any more. No clocks of two machines are compared.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fields, string } from '../base/check-json.js';
import { expectedOf } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Lease, Leases } from './transport.js';

/** An entry; each writing gives it a larger revision. */
export interface Entry {
  readonly value: string;
  readonly revision: number;
}

/** Where leases are written down. All of it rejects while the link is cut. */
export interface Register {
  read(name: string): Promise<Entry | undefined>;
  /** Writes an entry if its revision is still `last`, 0 for none; the new revision, or undefined if it is not. */
  replace(name: string, value: string, last: number): Promise<number | undefined>;
}

/** Milliseconds without a change after which an entry's holder is dead; it renews three times as often. */
const DEAD = 3000;

/** Attempts at a writing that fails. */
const ATTEMPTS = 5;

/** Attempts at a reading before anything is held, as the server may just be starting again, and milliseconds between them. */
const READINGS = 8;
const PAUSE = 500;

interface Held {
  readonly holder: string;
  readonly token: string;
}

const isHeld = fields({ holder: string, token: string });

/** Who holds an entry; undefined if it was released. */
function heldBy(entry: Entry | undefined): Held | undefined {
  if (!entry || entry.value === '') return undefined;
  try {
    const held = JSON.parse(entry.value) as Held;
    if (expectedOf(isHeld, held) === undefined) return held;
  } catch {
    // Somebody else's entry.
  }
  return { holder: 'an unknown holder', token: '' };
}

/** Leases that are kept in a register. `dead` is in milliseconds; all who share a register have the same. */
export function createLeases(register: Register, dead = DEAD): Leases & { stop(): void } {
  const kept = new Set<{ stop(): void }>();
  return {
    async take(name, holder, onLost) {
      const value = JSON.stringify({ holder, token: crypto.randomUUID() });
      const epoch = await seize(register, name, value, holder, dead);
      const lease = keepLease(register, { name, value, epoch, dead, onLost });
      kept.add(lease);
      return lease;
    },
    stop() {
      for (const lease of kept) lease.stop();
    },
  };
}

/** Reads an entry, again if the link is cut meanwhile. */
async function readPatiently(register: Register, name: string): Promise<Entry | undefined> {
  for (let readings = 1; ; readings++) {
    try {
      return await register.read(name);
    } catch (error) {
      const mayPass = error instanceof LanewiseError && error.kind === 'network';
      if (!mayPass || readings === READINGS) throw error;
      await sleep(PAUSE);
    }
  }
}

/** Writes the entry once it is free; its revision. */
async function seize(
  register: Register,
  name: string,
  value: string,
  holder: string,
  dead: number,
): Promise<number> {
  let seen = await readPatiently(register, name);
  let since = performance.now();
  for (let lost = 0; ;) {
    const held = heldBy(seen);
    const isFree = !held || held.holder === holder || performance.now() - since >= dead;
    if (isFree) {
      try {
        const revision = await register.replace(name, value, seen?.revision ?? 0);
        if (revision !== undefined) return revision;
      } catch (error) {
        // The answer may have been lost, and not the entry.
        if (++lost === ATTEMPTS) throw error;
      }
    } else await sleep(dead / 12);
    const now = await readPatiently(register, name);
    if (now?.value === value) return now.revision;
    if (now?.revision === seen?.revision) continue;
    const other = heldBy(now);
    if (other && other.holder !== holder && other.token === held?.token)
      throw new LanewiseError(
        'platform',
        `'${name}' is led by ${other.holder}, which still renews its lease, expected nobody`,
        'wait until it ends, or end it: another may lead 3 s later',
      );
    [seen, since] = [now, performance.now()];
  }
}

interface Keeping {
  readonly name: string;
  readonly value: string;
  readonly epoch: number;
  readonly dead: number;
  readonly onLost: (holder: string) => void;
}

/** Renews an entry until it is released or lost. */
function keepLease(register: Register, keeping: Keeping): Lease & { stop(): void } {
  const { name, value, epoch, dead, onLost } = keeping;
  let revision = epoch;
  let isOver = false;
  let renewing: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    const next = await register.replace(name, value, revision);
    if (next !== undefined) return void (revision = next);
    // The answer to an earlier renewal may have been lost, and a server may have lost what it stored.
    const found = await register.read(name);
    const held = heldBy(found);
    if (held && found!.value !== value) {
      if (!isOver) onLost(held.holder);
      return stop();
    }
    revision = found?.revision ?? 0;
  };
  const timer = setInterval(() => {
    // One that fails, as when the link is cut, is tried again.
    renewing ??= renew()
      .catch(() => {})
      .finally(() => (renewing = undefined));
  }, dead / 3);
  timer.unref();
  const stop = (): void => {
    isOver = true;
    clearInterval(timer);
  };
  return {
    epoch,
    stop,
    async release() {
      stop();
      await renewing;
      // What cannot be released is free when it has not been renewed.
      await register.replace(name, '', revision).catch(() => undefined);
    },
  };
}
