/**
 * Who takes part in a run, as its coordinator knows it from what machines say and from their silence. Time is counted in
 * ticks of the coordinator's own: if it was busy for seconds, it has not listened, and nobody has been silent.
 */
import type { MachineChange } from '../crew/machines.js';
import type { Beat, Build, Hello, Leave, Ready, Refusal } from './cluster-messages.js';
import { differenceOf } from './same-build.js';

/** Ticks without a word after which a machine is away: 1 s. */
export const SILENT_TICKS = 20;

/** Ticks without a word after which a machine that does not take part is forgotten: a minute. */
const FORGOTTEN_TICKS = 1200;

/** Steps before a machine that was too slow for a shard is tried with one; each time in vain twice as many. */
export const PATIENCE = 16;

/** Most machines of a run, and of one user: more that ask are refused. */
const MOST = 4096;
const MOST_OF_USER = 1024;

/** Reasons for which a process is refused that are told. */
const MOST_REASONS = 3;

/** The user in a machine's key. */
export const userOf = (key: string): string => key.split('.')[0]!;

/** A machine's process that has asked to take part. */
export interface Member {
  readonly user: string;
  readonly id: string;
  /** `user.id`, its name in assignments. */
  readonly key: string;
  readonly threads: number;
  readonly engine: string;
  /** Whether it is `ready` for steps, being made so, or `away`: not heard of, though it was ready. */
  phase: 'joining' | 'ready' | 'away';
  /** The SHA-256 of its plan; undefined until it is welcome. */
  plan: string | undefined;
  /** Ticks since it was heard. */
  silent: number;
  /** Samples a millisecond; undefined until it is measured. */
  speed: number | undefined;
  /** Parts in a row that came too late, and the step up to which it is therefore given none. */
  late: number;
  restsUntil: number;
  /** Steps in a row for which it was too slow to be given any, and how many more before it is tried with a shard again. */
  idle: number;
  patience: number;
}

/** What became of a member; see MachineChange. */
export interface MemberChange {
  readonly change: MachineChange;
  readonly machine: string;
  readonly threads?: number;
  readonly reason?: string;
}

/** What a worker says about itself. */
export type Presence = Hello | Refusal | Ready | Beat | Leave;

/** What the coordinator answers. */
export type Answer = Refusal | { readonly kind: 'welcome'; readonly member: Member };

export interface Members {
  /** Takes what a worker says; the answer that it gets, if any. */
  hear(user: string, id: string, message: Presence): Answer | undefined;
  /** The member that speaks; undefined if it has not asked to take part. It counts as heard. */
  heard(user: string, id: string): Member | undefined;
  /** A process is refused, for which it is told the reason. */
  refuse(user: string, id: string, reason: string, hint?: string): Refusal;
  /** Counts a tick; those that are now away, for this reason. */
  tick(reason: string): readonly Member[];
  /** A member's process is gone. */
  drop(member: Member, reason: string): void;
  /** No process of the user takes part any more, for a reason that it is told when it asks. */
  shutOut(user: string, reason: string): readonly Member[];
  /** Those that take part, in the order in which they came. */
  ready(): readonly Member[];
  /** The name to show: the user's, with the process's where a user has several. */
  nameOf(key: string): string;
  /** What became of members since the last call. */
  changes(): readonly MemberChange[];
}

/** Why nobody can take part, if so. */
export interface Closed {
  readonly reason: string;
  readonly hint: string;
}

/** What is known. */
interface Book {
  readonly build: Build;
  readonly epoch: number;
  readonly closed: Closed | undefined;
  readonly members: Map<string, Member>;
  /** Users that have had several processes at once, users that are shut out, and what each process was refused for. */
  readonly crowded: Set<string>;
  readonly shut: Map<string, string>;
  readonly refused: Map<string, string[]>;
  changes: MemberChange[];
}

/** The members of a run that was taken up with `epoch`. */
export function createMembers(build: Build, epoch: number, closed?: Closed): Members {
  const book: Book = {
    build,
    epoch,
    closed,
    members: new Map(),
    crowded: new Set(),
    shut: new Map(),
    refused: new Map(),
    changes: [],
  };
  const { members } = book;
  return {
    hear: (user, id, message) => hear(book, user, id, message),
    refuse: (user, id, reason, hint) => refuse(book, user, id, reason, hint),
    nameOf: (key) => nameOf(book, key),
    tick: (reason) => tick(book, reason),
    heard(user, id) {
      const member = members.get(`${user}.${id}`);
      if (member) member.silent = 0;
      return member;
    },
    drop(member, reason) {
      if (member.phase === 'ready') tell(book, member, 'left', reason);
      remove(book, member);
    },
    shutOut(user, reason) {
      book.shut.set(user, reason);
      const out = [...members.values()].filter((member) => member.user === user);
      for (const member of out) {
        tell(book, member, 'caught', reason);
        remove(book, member);
      }
      return out;
    },
    ready: () => [...members.values()].filter(({ phase }) => phase === 'ready'),
    changes() {
      const found = book.changes;
      book.changes = [];
      return found;
    },
  };
}

const nameOf = ({ crowded }: Book, key: string): string =>
  crowded.has(userOf(key)) ? key : userOf(key);

function tell(book: Book, member: Member, change: MachineChange, reason?: string): void {
  const { threads } = member;
  const why = reason === undefined ? {} : { reason };
  book.changes.push({ change, machine: nameOf(book, member.key), threads, ...why });
}

function remove({ members }: Book, member: Member): void {
  member.phase = 'away';
  members.delete(member.key);
}

/** Refuses a process, which is told once for each of some reasons. */
function refuse(book: Book, user: string, id: string, reason: string, hint?: string): Refusal {
  const key = `${user}.${id}`;
  const { refused, epoch } = book;
  const told = refused.get(key) ?? [];
  if (!told.includes(reason) && told.length < MOST_REASONS) {
    if (refused.size >= MOST) refused.clear();
    refused.set(key, [...told, reason]);
    const machine = nameOf(book, key);
    const why = hint === undefined ? reason : `${reason}; ${hint}`;
    book.changes.push({ change: 'refused', machine, reason: why });
  }
  return { kind: 'refused', epoch, reason, ...(hint === undefined ? {} : { hint }) };
}

function hear(book: Book, user: string, id: string, message: Presence): Answer | undefined {
  const { members, epoch } = book;
  if (message.kind === 'hello') return hello(book, user, id, message);
  if (message.epoch !== epoch) return undefined;
  if (message.kind === 'refused') {
    refuse(book, user, id, message.reason, message.hint);
    return undefined;
  }
  const member = members.get(`${user}.${id}`);
  if (!member) return undefined;
  member.silent = 0;
  const isReady = message.kind === 'ready' && message.plan === member.plan;
  const isBack = message.kind === 'beat' && member.phase === 'away';
  if (isReady || isBack) {
    if (member.phase !== 'ready') tell(book, member, 'joined');
    member.phase = 'ready';
  } else if (message.kind === 'leave') {
    if (member.phase === 'ready') tell(book, member, 'left', message.reason);
    remove(book, member);
  }
  return undefined;
}

function hello(book: Book, user: string, id: string, message: Hello): Answer {
  const { members, shut, closed, build } = book;
  const reason = shut.get(user);
  if (reason !== undefined) return refuse(book, user, id, reason);
  const difference = closed ?? differenceOf(build, message);
  if (difference) return refuse(book, user, id, difference.reason, difference.hint);
  if (!members.has(`${user}.${id}`)) {
    const all = [...members.values()];
    if (all.filter((member) => member.user === user).length >= MOST_OF_USER)
      return refuse(book, user, id, `'${user}' has ${MOST_OF_USER} machines in the run already`);
    const away = all.find(({ phase }) => phase === 'away');
    if (all.length >= MOST && !away)
      return refuse(book, user, id, `the run has ${MOST} machines already`);
    if (all.length >= MOST) remove(book, away!);
  }
  return welcome(book, user, id, message);
}

/** Takes a process in, as new even if it is known: it begins anew when it has not heard of the coordinator. */
function welcome(book: Book, user: string, id: string, { threads, engine }: Hello): Answer {
  const { members, crowded } = book;
  const key = `${user}.${id}`;
  const known = members.get(key);
  for (const other of members.values())
    if (other.user === user && other.id !== id && other.phase !== 'away') crowded.add(user);
  if (known?.phase === 'ready')
    tell(book, known, 'left', 'it had not heard of this machine for a second');
  const fresh = { silent: 0, phase: 'joining', plan: undefined } as const;
  const member: Member =
    known?.threads === threads
      ? Object.assign(known, fresh)
      : {
          user,
          id,
          key,
          threads,
          engine,
          ...fresh,
          speed: undefined,
          late: known?.late ?? 0,
          restsUntil: known?.restsUntil ?? 0,
          idle: known?.idle ?? 0,
          patience: known?.patience ?? PATIENCE,
        };
  members.set(key, member);
  return { kind: 'welcome', member };
}

function tick(book: Book, reason: string): readonly Member[] {
  const { members } = book;
  const lost: Member[] = [];
  for (const member of members.values()) {
    member.silent++;
    if (member.phase !== 'ready') {
      if (member.silent > FORGOTTEN_TICKS) members.delete(member.key);
    } else if (member.silent > SILENT_TICKS) {
      member.phase = 'away';
      tell(book, member, 'left', reason);
      lost.push(member);
    }
  }
  return lost;
}
