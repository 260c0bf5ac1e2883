/**
 * The lock of a run's folder, which belongs to one process at a time (Node): the file `lock` says which. The lock of a
 * process that is gone, such as a killed one, is taken over.
 *
 * Whether a process of another machine, or of another container (PID namespace) on this one, is gone cannot be known here.
 * So the holder touches its lock every few seconds, and one seen untouched for a minute and a half is taken over. Only
 * changes seen here count, not file times, since clocks differ from machine to machine. A holder of an earlier release
 * touches nothing; for it the folder's files are watched instead, for ten times as long.
 *
 * A process that wants the lock first writes a claim, a file of its own name, and then looks for other claims: of two
 * processes that claim at once at least one sees the other and steps back. Without a rival it checks the lock itself and,
 * if nobody holds it, renames its claim to be the lock. So no file is ever removed or replaced that could meanwhile have
 * become another process's, at whatever point processes are stopped or killed.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';

export interface FolderLock {
  /** The holder whose lock was taken over, if it was one of another machine or container. */
  readonly warning?: string;
  /** @throws LanewiseError kind 'file' if another process has taken the lock over, as this one stood still for too long. */
  check(): Promise<void>;
  /** Frees the folder. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** How long a lock of another machine or container must stay untouched, in milliseconds; here and below for tests. */
  readonly staleMs?: number;
  readonly touchMs?: number;
  /** Called with a message about what is waited for, where that takes long. */
  readonly onWait?: (message: string) => void;
  /** Ends the waiting; the lock then counts as held. */
  readonly signal?: AbortSignal;
}

const STALE_MS = 90_000;
const TOUCH_MS = 5000;
/** Locks that are never touched are watched this many times as long: a step of such a run may take minutes. */
const UNTOUCHED = 10;

/** A process that holds a lock or claims it; its pid alone may belong to another process by now. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** The namespace of its pid, as Linux names it: containers on one host have one each. */
  readonly namespace?: string;
  /** Counts its touches, always in ten digits. Absent if nobody touches it. */
  readonly touched?: string;
  /** When the process began, by its system's count; absent where that cannot be known. */
  readonly processStart?: string;
  /** When it took the lock, ISO 8601. */
  readonly time: string;
}

/** How often a rival makes us step back before it counts as the holder: about five seconds. */
const ATTEMPTS = 20;
/** Age of an empty claim, in milliseconds, up to which its process may still be about to write it. */
const CLAIM_MS = 5000;

/**
 * Locks the folder at `path`, which must exist, for this process. Waits where it takes time to see whether a holder is gone.
 * @throws LanewiseError kind 'file' if another process has it, or the lock cannot be written.
 */
export async function lockFolder(
  path: string,
  { staleMs = STALE_MS, touchMs = TOUCH_MS, onWait, signal }: LockOptions = {},
): Promise<FolderLock> {
  const lock = join(path, 'lock');
  const own = describeProcess();
  let gone: Holder | undefined;
  let waited = 0;
  for (let attempt = 1; ; attempt++) {
    const rival = await tryLock(path, lock, own, gone);
    if (!rival) break;
    if (rival.isHolder && isElsewhere(rival)) {
      const patience = staleMs * (rival.touched === undefined ? UNTOUCHED : 1);
      const seconds = patience / 1000;
      onWait?.(
        `'${path}' is locked by ${nameOf(rival)} (started ${rival.time}), which may be gone: it is taken over if nothing changes for ${seconds} s`,
      );
      if (!(await isTouched(path, lock, rival, patience, signal))) {
        gone = rival;
        waited = seconds;
        continue;
      }
    }
    if (rival.isHolder || attempt >= ATTEMPTS) throw inUse(path, lock, rival);
    // Longer and longer waits, out of step with the rival.
    await setTimeout(attempt * (10 + crypto.getRandomValues(new Uint8Array(1))[0]! / 8));
  }
  const timer = keepTouching(lock, own, touchMs);
  return {
    ...(gone
      ? {
          warning: `the lock of ${nameOf(gone)} (started ${gone.time}) was taken over: nobody had touched it for ${waited} s`,
        }
      : {}),
    async check() {
      const holder = await readHolder(lock).catch(() => undefined);
      if (holder && holder.id !== own.id) throw inUse(path, lock, { ...holder, isHolder: true });
    },
    async release() {
      clearInterval(timer);
      const holder = await readHolder(lock).catch(() => undefined);
      if (holder?.id === own.id) await rm(lock, { force: true }).catch(() => {});
    },
  };
}

/** The timer keeps no process alive, and computations that delay it by less than `STALE_MS` do no harm. */
function keepTouching(lock: string, own: Holder, touchMs: number): NodeJS.Timeout {
  let count = 0;
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void touch(lock, own, ++count)
      // The folder may be gone or out of reach for a while.
      .catch(() => true)
      .then((isOurs) => {
        isBusy = false;
        if (!isOurs) clearInterval(timer);
      });
  }, touchMs);
  return timer.unref();
}

/** Written in place, so that readers always find a whole lock. False if it is another process's by now. */
async function touch(lock: string, own: Holder, count: number): Promise<boolean> {
  const file = await open(lock, 'r+');
  try {
    const text = await file.readFile('utf8');
    if ((JSON.parse(text) as Holder).id !== own.id) return false;
    const at = text.indexOf(TOUCHED) + TOUCHED.length;
    await file.write(countOf(count), Buffer.byteLength(text.slice(0, at)));
    return true;
  } finally {
    await file.close();
  }
}

const TOUCHED = '"touched":"';
const countOf = (count: number): string => String(count).padStart(10, '0');

/**
 * Watches a lock until it changes or enough time has passed. Reading opens the file, so a network file system asks its
 * server. Where the lock says that nobody touches it, the run's files are watched instead: a run writes its log.
 */
async function isTouched(
  path: string,
  lock: string,
  holder: Holder,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const sizes = holder.touched === undefined ? () => sizesIn(path) : () => Promise.resolve('');
  const before = await sizes();
  for (const start = performance.now(); performance.now() - start < patienceMs;) {
    await setTimeout(Math.min(1000, patienceMs / 10), undefined, { signal }).catch(() => {});
    if (signal?.aborted) return true;
    const now = await readHolder(lock);
    if (!now) return false;
    if (now.id !== holder.id || now.touched !== holder.touched) return true;
    if ((await sizes()) !== before) return true;
  }
  return false;
}

/** Names, sizes and times of a folder's files, except for claims to its lock, which others change. */
async function sizesIn(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => !name.startsWith('lock')).toSorted();
  const found = names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(path, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
    return `${name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(found)).join('\n');
}

interface Rival extends Holder {
  /** Whether it has the lock, not only a claim to it. */
  readonly isHolder: boolean;
}

/** Undefined if the lock is ours now. */
async function tryLock(
  path: string,
  lock: string,
  own: Holder,
  gone: Holder | undefined,
): Promise<Rival | undefined> {
  const claim = `${lock}.${own.id}`;
  try {
    const before = await findHolder(lock, gone);
    if (before) return before;
    await writeHolder(claim, own);
    const rival = await findRival(path, own, (await stat(claim)).mtimeMs);
    if (rival) return { ...rival, isHolder: false };
    // After the claims, so that a claim that has just become the lock is found here.
    const holder = await findHolder(lock, gone);
    if (holder) return holder;
    await rename(claim, lock);
    return undefined;
  } catch (error) {
    throw error instanceof LanewiseError ? error : fileError(`cannot lock folder '${path}'`, error);
  } finally {
    await rm(claim, { force: true }).catch(() => {});
  }
}

/** The process that has the lock, unless it is known to be gone. */
async function findHolder(lock: string, gone: Holder | undefined): Promise<Rival | undefined> {
  const holder = await readHolder(lock);
  if (gone && holder?.id === gone.id && holder.touched === gone.touched) return undefined;
  return holder && isRunning(holder) ? { ...holder, isHolder: true } : undefined;
}

/** Another process's claim; claims of processes that are gone are removed. `now` is the file system's time. */
async function findRival(path: string, own: Holder, now: number): Promise<Holder | undefined> {
  for (const name of await readdir(path)) {
    if (!/^lock\.[\da-f-]{36}$/.test(name) || name === `lock.${own.id}`) continue;
    const claim = join(path, name);
    const age = await stat(claim).then(
      ({ mtimeMs }) => now - mtimeMs,
      () => undefined,
    );
    if (age === undefined) continue; // withdrawn, or the lock by now
    const holder = await readHolder(claim).catch(() => unknownHolder);
    if (!holder) continue;
    // A claim lasts milliseconds; for processes elsewhere its age is all that is known.
    const isLeft = isElsewhere(holder) && age > STALE_MS;
    if (holder === unknownHolder ? age < CLAIM_MS : isRunning(holder) && !isLeft) return holder;
    await rm(claim, { force: true });
  }
  return undefined;
}

const unknownHolder: Holder = { id: '', pid: 0, host: '', time: 'just now' };

const describeProcess = (): Holder => {
  const processStart = startOf(process.pid)?.time;
  const namespace = namespaceAtHand();
  return {
    id: crypto.randomUUID(),
    touched: countOf(0),
    pid: process.pid,
    host: hostname(),
    ...(namespace === undefined ? {} : { namespace }),
    ...(processStart === undefined ? {} : { processStart }),
    time: new Date().toISOString(),
  };
};

/** Synced before it is renamed, so that a power cut leaves no empty lock. */
async function writeHolder(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(holder)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Undefined if there is no such file. @throws LanewiseError kind 'file' if it is not a lock. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(`cannot read lock '${path}'`, error);
  }
  try {
    const holder = JSON.parse(text) as Holder;
    if (Number.isInteger(holder.pid) && typeof holder.host === 'string') return holder;
  } catch {
    // Not JSON, which is reported below.
  }
  throw new LanewiseError(
    'file',
    `'${path}' does not say whose lock it is`,
    'remove it if no training runs in this folder',
  );
}

/** This process's namespace, as `pid:[4026531836]`; undefined where there are none, or if it cannot be known. */
function namespaceAtHand(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Whether it belongs to another machine or container, whose processes cannot be seen from here. */
const isElsewhere = ({ host, namespace }: Holder): boolean =>
  (host !== '' && host !== hostname()) ||
  (namespace !== undefined && namespace !== namespaceAtHand());

/** Whether the process runs; one elsewhere cannot be checked and counts as running. */
function isRunning(holder: Holder): boolean {
  if (isElsewhere(holder)) return true;
  const { pid, processStart } = holder;
  try {
    process.kill(pid, 0); // Sends no signal, only checks whether it could be sent.
  } catch (error) {
    // Otherwise the process exists but belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return !now || (!now.isEnded && (processStart ?? now.time) === now.time);
}

/**
 * The boot and the clock tick at which a process began, where there is /proc; undefined if no such process can be seen. The
 * fields of /proc/<pid>/stat follow its name in brackets, which may contain anything: state is the first, the start the
 * 20th (proc(5)).
 */
function startOf(pid: number): { readonly time: string; readonly isEnded: boolean } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const found = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { time: `${boot} ${found[19]}`, isEnded: found[0] === 'Z' || found[0] === 'X' };
  } catch {
    return undefined;
  }
}

/** A name for messages: `process 1 on 'pod-a'`. */
function nameOf(holder: Holder): string {
  const { pid, host } = holder;
  if (pid === 0) return 'another process';
  if (host !== hostname()) return `process ${pid} on '${host}'`;
  return `process ${pid}${isElsewhere(holder) ? ' of another container' : ''}`;
}

function inUse(path: string, lock: string, rival: Rival): LanewiseError {
  const ways = 'give another folder, or wait until it ends';
  return new LanewiseError(
    'file',
    `run folder '${path}' is in use by ${nameOf(rival)} (started ${rival.time})`,
    isElsewhere(rival) && rival.isHolder ? `${ways}; if it is gone, remove '${lock}'` : ways,
  );
}
