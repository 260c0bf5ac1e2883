/** What a coordinator has before it: what it was given, the machines, and what changes while it works. */
import type { LanewiseError } from '../base/errors.js';
import type { MachineNews, ShareRequest, StepParts } from '../crew/machines.js';
import type { Checks } from './checks.js';
import type { Build } from './cluster-messages.js';
import type { Pace } from './pace.js';
import type { Crew, SharedStep } from './step-crew.js';
import type { Transport } from './transport.js';
import type { Greeter } from './welcome.js';

/** News of machines at a time, at most. */
export const MOST_NEWS = 4096;

/** What a coordinator needs of the run and its cluster. */
export interface CoordinatorRequest extends ShareRequest {
  readonly transport: Transport;
  /** The run's name, a word, and the epoch in which this coordinator has it. */
  readonly name: string;
  readonly epoch: number;
  readonly build: Build;
  /** Milliseconds after which what a machine owes is computed by others; default by measured times. */
  readonly deadlineMs?: number;
  readonly checks: Checks;
  readonly isChecking: boolean;
  /** Whether the hash of each part is needed, and what is done with them. */
  readonly isHashing: boolean;
  /** Whether steps are shared even if this machine alone is faster. */
  readonly isAlwaysShared: boolean;
  readonly onStep?: (parts: StepParts) => void;
}

/** What changes while a coordinator works. */
export interface State {
  step: SharedStep | undefined;
  /** The number of the step at hand, counted from 1; 0 before the first. */
  number: number;
  ticks: number;
  news: MachineNews[];
  /** How much more may be news now. */
  newsLeft: number;
  error: LanewiseError | undefined;
  /** The last step of the next job is checked whole. */
  isProving: boolean;
  isOver: boolean;
  /** Whether the server cannot be reached. */
  isCut: boolean;
  /** Who waits for machines. */
  waiting: { readonly machines: number; readonly resolve: () => void }[];
}

export interface Desk {
  readonly request: CoordinatorRequest;
  readonly pace: Pace;
  readonly crew: Crew;
  readonly greeter: Greeter;
  readonly state: State;
}

/**
 * Adds to the news, of which there may be so many at a time and one more a second: a machine that comes and goes without end
 * fills no log. That one was caught is always said.
 */
export function addNews(state: State, news: MachineNews): void {
  if (news.change !== 'caught' && state.newsLeft < 1) return;
  state.newsLeft--;
  state.news.push(news);
}
