/** The words for machines that share a run's steps: figures of progress, who came and went, and what they gained. */
import type { MachineFigures, MachineNews } from '../crew/machines.js';
import { machineAdvice, showGain } from '../runs/machine-gain.js';
import { formatBytes, formatCount, formatPercent, inFlags, quoted } from './terminal.js';
import type { ClusterFlags } from './train-options.js';

/** `1 thread`, `14 threads` */
const counted = (count: number, word: string): string =>
  `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;

/** `3 machines, 14 threads, 9,800 img/s (wire 18 %)`, and the same in fewer words; longest first. */
export function sharedSpeed(
  { machines, threads, wire }: MachineFigures,
  speed: string,
): [whole: string, short: string] {
  const share = machines > 1 ? ` (wire ${formatPercent(wire, 0)})` : '';
  const who = counted(machines, 'machine');
  return [`${who}, ${counted(threads, 'thread')}, ${speed}${share}`, `${who}, ${speed}${share}`];
}

/** A URL whose login is words in its place; other texts as they are. */
export const withoutPassword = (text: string): string =>
  text.replace(/^(nats|tls):\/\/[^/@]*@/, '$1://USER:PASSWORD@');

/** How machines join a run, before it begins; nothing for a run alone. A password in the address is not shown. */
export function invitation({
  cluster,
  credentials,
  minWorkers = 0,
}: ClusterFlags): string | undefined {
  if (cluster === undefined) return undefined;
  const address = withoutPassword(cluster);
  const key = credentials === undefined ? '' : ' --credentials FILE';
  const command = `npx lanewise worker ${quoted(address)}${key}`;
  return minWorkers > 0
    ? `the first step waits for ${counted(minWorkers, 'machine')} to join: ${command}`
    : `machines may join at any step: ${command}`;
}

/** What an epoch's line adds: `3 machines, wire 18 %`; nothing for one machine. */
export const sharedEpoch = ({ machines, wire }: MachineFigures): string | undefined =>
  machines > 1 ? `${counted(machines, 'machine')}, wire ${formatPercent(wire, 0)}` : undefined;

/** Longest reason that a line shows: it may come from another machine. */
const LONGEST_REASON = 300;

/** A reason as the end of a line. */
function because(reason: string | undefined): string {
  if (!reason?.trim()) return '';
  const text = inFlags(reason.replaceAll(/\s+/g, ' ').trim());
  return `: ${text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text}`;
}

/** Steps of one machine that others computed again, not said yet. */
interface Redone {
  readonly parts: number;
  readonly first: number;
  readonly last: number;
}

/** The lines of a run's machines. */
export interface MachineLines {
  /** What is to be said of news at once. Parts computed again are gathered after the first. */
  tell(news: MachineNews): string[];
  /** The parts computed again that have not been said, in one line for each machine. */
  gathered(): string[];
  /** Notes the figures of progress; advice for a run that machines slow down, once enough is measured. */
  measure(figures: MachineFigures): string[];
  /** The end of the run: who computed how much, what went over the wire, and what it gained; nothing of a run alone. */
  summary(): string[];
}

/** Figures of progress with others, about 150 ms each, before advice is given: the first steps are slower. */
const MEASURED = 20;

export function createMachineLines(): MachineLines {
  const redone = new Map<string, Redone>();
  const named = new Set<string>();
  let last: MachineFigures | undefined;
  let [measured, waited] = [0, 0];
  let isAdvised = false;
  /** The last figures, with the wire's share of all time with others. */
  const whole = (figures: MachineFigures) => ({ ...figures, wire: waited / Math.max(1, measured) });
  const gathered = (): string[] => {
    const lines = [...redone].map(([machine, parts]) => redoneLine(machine, parts));
    redone.clear();
    return lines;
  };
  return {
    tell(news) {
      if (news.change !== 'redone') return [...gathered(), newsLine(news)];
      const { machine, step } = news;
      const before = redone.get(machine) ?? { parts: 0, first: step, last: step };
      redone.set(machine, { ...before, parts: before.parts + 1, last: step });
      if (named.has(machine)) return [];
      named.add(machine);
      return gathered();
    },
    gathered,
    measure(figures) {
      last = figures;
      if (figures.machines < 2) return [];
      measured++;
      waited += figures.wire;
      const advice = measured < MEASURED || isAdvised ? undefined : machineAdvice(whole(figures));
      if (advice === undefined) return [];
      isAdvised = true;
      return [hintOf(advice)];
    },
    summary: () =>
      last ? [...gathered(), ...sharedSummary(whole(last), measured >= MEASURED)] : [],
  };
}

const hintOf = (advice: string): string => `hint: ${inFlags(advice)}`;

function redoneLine(machine: string, { parts, first, last }: Redone): string {
  const steps =
    first === last
      ? `step ${formatCount(first)}`
      : `steps ${formatCount(first)} to ${formatCount(last)}`;
  return `${counted(parts, 'part')} of ${machine} ${parts === 1 ? 'was' : 'were'} computed by others, ${steps}`;
}

function newsLine({ machine, change, step, threads, reason }: MachineNews): string {
  const at = step > 0 ? ` at step ${formatCount(step)}` : '';
  switch (change) {
    case 'joined':
      return `${machine} joined${at}${threads === undefined ? '' : `, ${counted(threads, 'thread')}`}${because(reason)}`;
    case 'refused':
      return `${machine} may not take part${because(reason)}`;
    case 'alone':
      return `this machine goes on alone${at}${because(reason)}; sharing is tried again from time to time, and pays for longer steps (${inFlags('raise accumulate')})`;
    case 'sharing':
      return `steps are shared again${at}${because(reason)}`;
    case 'caught':
      return `${machine} is shut out${at}${because(reason)}`;
    default:
      return `${machine} left${at}${because(reason)}`;
  }
}

function sharedSummary(figures: MachineFigures, isMeasured: boolean): string[] {
  const { shares, sent, received, redone, gain } = figures;
  const names = Object.entries(shares).toSorted(([, a], [, b]) => b - a);
  if (names.length < 2) return ['no other machine took part'];
  const shown = names.slice(0, LISTED).map(([name, share]) => `${name} ${formatPercent(share, 0)}`);
  const more = names.length > LISTED ? [`${names.length - LISTED} more`] : [];
  const again = redone > 0 ? `, ${counted(redone, 'part')} computed again` : '';
  const advice = isMeasured ? machineAdvice({ ...figures, machines: names.length }) : undefined;
  return [
    `${counted(names.length, 'machine')}: ${[...shown, ...more].join(', ')} of the work; ${formatBytes(sent)} sent, ${formatBytes(received)} received${again}`,
    `about ${showGain(gain)} times as fast as this machine alone, an estimate from its measured speed`,
    ...(advice === undefined ? [] : [hintOf(advice)]),
  ];
}

/** Most machines by name in a line. */
const LISTED = 8;
