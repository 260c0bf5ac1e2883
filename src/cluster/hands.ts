/** Who may be given shards of a step, and how fast each is. */
import type { Hand } from './assignment.js';
import { OWN, type Crew, type StepAt } from './step-crew.js';
import { PATIENCE, type Member } from './members.js';

/** Machines that do not rest. */
export const ableOf = (ready: readonly Member[], { step }: StepAt): readonly Member[] =>
  ready.filter(({ restsUntil }) => restsUntil <= step);

/** This machine and others, with speeds; one of unknown speed counts by its threads. */
export function handsOf({ run, speed: own }: Crew, ready: readonly Member[]): Hand[] {
  const perThread = (own ?? 1) / Math.max(1, run.plan.workers);
  return [
    { machine: OWN, speed: own ?? run.plan.workers },
    ...ready.map(({ key, speed, threads }) => ({
      machine: key,
      speed: speed ?? perThread * threads,
    })),
  ];
}

/** Machines that are to have a shard though they are slow: they may be faster by now, or a part of theirs proves the state. */
export const wantedOf = (crew: Crew, able: readonly Member[]): readonly string[] => {
  const owed = crew.checks.owed();
  const wanted = able
    .filter(({ key, idle, patience }) => idle >= patience || owed.includes(key))
    .map(({ key }) => key);
  return crew.idle >= crew.patience ? [OWN, ...wanted] : wanted;
};

/** The hands, with those that are wanted fast enough for one of `count` shards. */
export function withWanted(
  hands: readonly Hand[],
  wanted: readonly string[],
  count: number,
): readonly Hand[] {
  const all = hands.reduce((sum, { speed }) => sum + speed, 0);
  const least = (all / count) * 1.01;
  return hands.map((hand) =>
    wanted.includes(hand.machine) ? { ...hand, speed: Math.max(hand.speed, least) } : hand,
  );
}

/** Notes whether a machine has shards of a step; one that was tried waits for longer, unless it has them anyway. */
export function noteIdle(member: Pick<Member, 'idle' | 'patience'>, isBusy: boolean): void {
  if (!isBusy) member.idle++;
  else if (member.idle >= member.patience) {
    member.idle = 0;
    member.patience = Math.min(member.patience * 2, 1024);
  } else {
    member.idle = 0;
    member.patience = PATIENCE;
  }
}
