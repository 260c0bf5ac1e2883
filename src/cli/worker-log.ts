/** What `lanewise worker` prints: one line for what happens, and every ten seconds one for what it computes. */
import type { WorkerEvent } from '../cluster/worker-events.js';
import { formatBytes, formatCount, formatPercent } from './terminal.js';

/** Milliseconds between two lines about what is computed. */
const EVERY = 10_000;

interface WorkerLog {
  hear(event: WorkerEvent): void;
  /** Says what has been computed since the last line. */
  end(): void;
}

/** Samples computed since `start`, and the milliseconds that they took. */
interface Tally {
  readonly run: string;
  readonly start: number;
  step: number;
  samples: number;
  ms: number;
}

/** @param now milliseconds of a clock */
export function createWorkerLog(
  url: string,
  print: (line: string) => void,
  now: () => number = () => performance.now(),
): WorkerLog {
  let tally: Tally | undefined;

  function end(): void {
    if (tally) print(rateOf(tally, now()));
    tally = undefined;
  }

  return {
    end,
    hear(event) {
      if (event.kind !== 'computed') {
        if (event.kind === 'left') end();
        return print(sentenceOf(event, url));
      }
      const { run, step, samples, ms } = event;
      if (tally && tally.run !== run) end();
      tally ??= { run, start: now() - ms, step, samples: 0, ms: 0 };
      tally.step = step;
      tally.samples += samples;
      tally.ms += ms;
      if (now() - tally.start >= EVERY) end();
    },
  };
}

function rateOf({ run, start, step, samples, ms }: Tally, now: number): string {
  const elapsed = Math.max(1, now - start);
  const rate = formatCount(Math.round((samples / elapsed) * 1000));
  const share = formatPercent(Math.min(1, ms / elapsed), 0);
  return `run ${run}: step ${formatCount(step + 1)}, ${rate} samples/s, computing ${share} of the time`;
}

function sentenceOf(event: Exclude<WorkerEvent, { kind: 'computed' }>, url: string): string {
  switch (event.kind) {
    case 'connected': {
      const { name, threads } = event;
      const computes = threads === 1 ? '1 thread' : `${threads} threads`;
      return `worker ${name} at ${url}, ${computes}: waits for runs until Ctrl-C`;
    }
    case 'link':
      return event.state === 'cut'
        ? `the server cannot be reached; trying until it can`
        : 'the server is there again';
    case 'joined':
      return `run ${event.run}: takes part, with ${formatBytes(event.memory)} of memory`;
    case 'refused': {
      const who = event.by === 'worker' ? 'this worker cannot take part' : 'it was refused';
      return `run ${event.run}: ${who}: ${event.reason}${event.hint ? `\n  ${event.hint}` : ''}`;
    }
    case 'silent':
      return `run ${event.run}: its coordinator has not been heard of for 5 s`;
    case 'heard':
      return `run ${event.run}: its coordinator is there again`;
    case 'left':
      return `run ${event.run}: left, as ${event.reason}`;
    case 'unkept':
      return `note: what was sent is not kept for later runs: ${event.reason}`;
    case 'ignored':
      return `note: a message was left out: ${event.reason}`;
  }
}
