/**
 * A run's folder belongs to one process at a time (Node): the file `lock` in it says which. The lock of a
 * process that is gone, such as a killed one, is taken over.
 *
 * Who wants the lock first puts up a claim, a file of a name of its own, and then looks for others': of two
 * who claim at once at least one sees the other, and steps back. Without a rival it looks at the lock itself
 * and, if nobody holds it, renames its claim to be the lock. So nothing is ever removed or replaced that could
 * meanwhile have become another's, whenever processes are stopped or killed.
 */
import { readFileSync } from 'node:fs';
import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { LanewiseError } from '../errors.js';
import { fileError } from '../node/atomic.js';

export interface FolderLock {
  /** Frees the folder. */
  release(): Promise<void>;
}

/** A process that holds a lock or claims it; a pid alone may be another process by now. */
interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
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
 * Takes the folder at `path`, which must exist, for this process.
 * @throws LanewiseError kind 'file' if another process has it, or the lock cannot be written.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const lock = join(path, 'lock');
  const own = describeProcess();
  for (let attempt = 1; ; attempt++) {
    const rival = await tryLock(path, lock, own);
    if (!rival) break;
    if (rival.isHolder || attempt === ATTEMPTS) throw inUse(path, lock, rival);
    // Longer and longer, and not in step with the rival.
    await setTimeout(attempt * (10 + crypto.getRandomValues(new Uint8Array(1))[0]! / 8));
  }
  return {
    async release() {
      const holder = await readHolder(lock).catch(() => undefined);
      if (holder?.id === own.id) await rm(lock, { force: true }).catch(() => {});
    },
  };
}

interface Rival extends Holder {
  /** Has the lock, rather than a claim to it. */
  readonly isHolder: boolean;
}

/** Undefined if the lock is ours now. */
async function tryLock(path: string, lock: string, own: Holder): Promise<Rival | undefined> {
  const claim = `${lock}.${own.id}`;
  try {
    const before = await findHolder(lock);
    if (before) return before;
    await writeHolder(claim, own);
    const rival = await findRival(path, own);
    if (rival) return { ...rival, isHolder: false };
    // After the claims: one that has just become the lock is found here.
    const holder = await findHolder(lock);
    if (holder) return holder;
    await rename(claim, lock);
    return undefined;
  } catch (error) {
    throw error instanceof LanewiseError ? error : fileError(`cannot lock folder '${path}'`, error);
  } finally {
    await rm(claim, { force: true }).catch(() => {});
  }
}

/** The process that has the lock. */
async function findHolder(lock: string): Promise<Rival | undefined> {
  const holder = await readHolder(lock);
  return holder && isRunning(holder) ? { ...holder, isHolder: true } : undefined;
}

/** Another process's claim; those of processes that are gone are cleared away. */
async function findRival(path: string, own: Holder): Promise<Holder | undefined> {
  for (const name of await readdir(path)) {
    if (!/^lock\.[\da-f-]{36}$/.test(name) || name === `lock.${own.id}`) continue;
    const claim = join(path, name);
    const age = await stat(claim).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => undefined,
    );
    if (age === undefined) continue; // withdrawn, or the lock by now
    const holder = await readHolder(claim).catch(() => unknownHolder);
    if (!holder) continue;
    if (holder === unknownHolder ? age < CLAIM_MS : isRunning(holder)) return holder;
    await rm(claim, { force: true });
  }
  return undefined;
}

const unknownHolder: Holder = { id: '', pid: 0, host: '', time: 'just now' };

const describeProcess = (): Holder => {
  const processStart = startOf(process.pid)?.time;
  return {
    id: crypto.randomUUID(),
    pid: process.pid,
    host: hostname(),
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

/** Of another machine's process nothing is known, so it counts. */
function isRunning({ pid, host, processStart }: Holder): boolean {
  if (host !== hostname()) return true;
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

function inUse(path: string, lock: string, { pid, host, time, isHolder }: Rival): LanewiseError {
  const where = host === hostname() || host === '' ? '' : ` on '${host}'`;
  const who = pid === 0 ? 'another process' : `process ${pid}${where}`;
  const ways = 'give another folder, or wait until it ends';
  return new LanewiseError(
    'file',
    `run folder '${path}' is in use by ${who} (started ${time})`,
    where && isHolder ? `${ways}; if it is gone, remove '${lock}'` : ways,
  );
}
