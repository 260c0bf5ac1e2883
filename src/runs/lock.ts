/**
 * A run's folder belongs to one process at a time (Node): the file `lock` in it says which. The lock of a
 * process that is gone, such as a killed one, is taken over.
 *
 * Of a process of another machine, or of another container (PID namespace) on this one, nobody here can tell whether it is
 * gone. So the holder touches its lock every few seconds, and one that is seen to stay untouched for a minute and a half is
 * taken over. Only change that is seen counts, not the times of files: clocks differ from machine to machine. A holder of
 * an earlier release touches nothing; of it the folder's files are looked at, and for ten times as long.
 *
 * Who wants the lock first puts up a claim, a file of a name of its own, and then looks for others': of two
 * who claim at once at least one sees the other, and steps back. Without a rival it looks at the lock itself
 * and, if nobody holds it, renames its claim to be the lock. So nothing is ever removed or replaced that could
 * meanwhile have become another's, whenever processes are stopped or killed.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';

export interface FolderLock {
  /** Whose lock was taken over, if it was one of another machine or container. */
  readonly warning?: string;
  /** @throws LanewiseError kind 'file' if the lock is another's by now: this process was still for too long. */
  check(): Promise<void>;
  /** Frees the folder. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** How long a lock of another machine or container must be seen untouched, in milliseconds; here and below for tests. */
  readonly staleMs?: number;
  readonly touchMs?: number;
  /** Told what is waited for, where that takes long. */
  readonly onWait?: (message: string) => void;
  /** Ends the waiting: the lock then counts as held. */
  readonly signal?: AbortSignal;
}

const STALE_MS = 90_000;
const TOUCH_MS = 5000;
/** So many times as long a lock is looked at that says of no touches: a step of such a run may take minutes. */
const UNTOUCHED = 10;

/** A process that holds a lock or claims it; a pid alone may be another process by now. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** In which it has its pid, as Linux names it: containers on one host have one each. */
  readonly namespace?: string;
  /** Counts how often it was touched, always in ten digits. Absent where nobody touches it. */
  readonly touched?: string;
  /** When the process began, as its system counts; absent where that cannot be known. */
  readonly processStart?: string;
  /** When it took the lock, ISO 8601. */
  readonly time: string;
}

/** How often a rival makes us step back before it counts as one who holds the folder: about five seconds. */
const ATTEMPTS = 20;
/** A claim without content, in milliseconds: its process is about to write it, or died over it. */
const CLAIM_MS = 5000;

/**
 * Takes the folder at `path`, which must exist, for this process. Waits where it takes time to see whether a holder is gone.
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
    // Longer and longer, and not in step with the rival.
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

/** The timer keeps no process alive, and a computation that keeps it waiting for less than `STALE_MS` does no harm. */
function keepTouching(lock: string, own: Holder, touchMs: number): NodeJS.Timeout {
  let count = 0;
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void touch(lock, own, ++count)
      // Such as a folder that is gone or out of reach for a while.
      .catch(() => true)
      .then((isOurs) => {
        isBusy = false;
        if (!isOurs) clearInterval(timer);
      });
  }, touchMs);
  return timer.unref();
}

/** Written in place, so that whoever reads meanwhile finds a whole lock. False if it is another's by now. */
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
 * Looks at a lock until it changes, or has not for so long. Reading opens the file, and a network file system then asks its
 * server. Where nobody touches the lock by what it says, the run's files are looked at: a run writes its log.
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

/** Names, sizes and times of a folder's files, but for claims to its lock: theirs is a change that others make. */
async function sizesIn(path: string): Promise<string> {
  const names = (await readdir(path)).filter((name) => !name.startsWith('lock')).toSorted();
  const found = names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(path, name)).catch(() => ({ size: -1, mtimeMs: 0 }));
    return `${name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(found)).join('\n');
}

interface Rival extends Holder {
  /** Has the lock, rather than a claim to it. */
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
    // After the claims: one that has just become the lock is found here.
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

/** The process that has the lock, but for one that was seen to be gone. */
async function findHolder(lock: string, gone: Holder | undefined): Promise<Rival | undefined> {
  const holder = await readHolder(lock);
  if (gone && holder?.id === gone.id && holder.touched === gone.touched) return undefined;
  return holder && isRunning(holder) ? { ...holder, isHolder: true } : undefined;
}

/** Another process's claim; those of processes that are gone are cleared away. `now` is the file system's. */
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
    // A claim lasts for milliseconds; of a process elsewhere nothing else is known.
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

/** On disk before it is renamed, so that a power cut leaves no empty lock. */
async function writeHolder(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(holder)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Undefined if there is no such file. @throws LanewiseError kind 'file' if it is none of ours. */
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
    // Not JSON: as below.
  }
  throw new LanewiseError(
    'file',
    `'${path}' does not say whose lock it is`,
    'remove it if no training runs in this folder',
  );
}

/** `pid:[4026531836]`; undefined where there are none, or it cannot be known. */
function namespaceAtHand(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** Of another machine or container, whose processes cannot be seen from here. */
const isElsewhere = ({ host, namespace }: Holder): boolean =>
  (host !== '' && host !== hostname()) ||
  (namespace !== undefined && namespace !== namespaceAtHand());

/** Of a process elsewhere nothing is known, so it counts. */
function isRunning(holder: Holder): boolean {
  if (isElsewhere(holder)) return true;
  const { pid, processStart } = holder;
  try {
    process.kill(pid, 0); // No signal: asks whether it could be sent.
  } catch (error) {
    // Otherwise it is somebody else's, and there.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return !now || (!now.isEnded && (processStart ?? now.time) === now.time);
}

/**
 * The boot and the clock tick at which a process began, where there is /proc; undefined if there is no such
 * process to be seen. The fields of /proc/<pid>/stat follow its name in brackets, which may hold anything: state is the
 * first, the start the 20th (proc(5)).
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

/** `process 1 on 'pod-a'`. */
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
