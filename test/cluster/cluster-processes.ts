/** Coordinators and workers in processes of their own, which are killed when the tests end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { ProcessRun } from './run-process.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const coordinator = here('run-process.js');
export const command = here('../../src/bundle/main.js');

const running = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
};
/** What workers keep of data. */
const cache = mkdtempSync(join(tmpdir(), 'lanewise-cache-'));
process.on('exit', () => {
  killAll();
  rmSync(cache, { recursive: true, force: true });
});

/** A process whose lines are kept. */
export interface Watched {
  readonly child: ChildProcess;
  /** What it has printed so far, with what it complained about. */
  output(): string;
  /** Resolves with the first match of the output, which may be there already; rejects when the process ends without. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a command: a program and its arguments. */
export function watch(
  [program, ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Watched {
  const child = spawn(program!, args, {
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  let waiting: (() => void)[] = [];
  const stir = (): void => {
    const all = waiting;
    waiting = [];
    for (const look of all) look();
  };
  let isOver = false;
  const ended = once(child, 'close').then(() => {
    isOver = true;
    running.delete(child);
    stir();
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      stir();
    });
  return {
    child,
    ended,
    output: () => output,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(output);
          if (found) resolve(found);
          else if (isOver)
            reject(new Error(`the process ended without ${pattern}:\n${output.slice(-3000)}`));
          else waiting.push(look);
        };
        look();
      }),
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      await ended;
    },
  };
}

/** A worker by the command line, which has reached the server. */
export async function startWorker(
  url: string,
  {
    before = [],
    args = [],
  }: { readonly before?: readonly string[]; readonly args?: readonly string[] } = {},
): Promise<Watched> {
  const options = ['--workers', '1', '--idle-minutes', '1', '--cache', cache, ...args];
  const worker = watch([
    ...before,
    process.execPath,
    ...process.execArgv,
    command,
    'worker',
    url,
    ...options,
  ]);
  await worker.until(/\n/);
  return worker;
}

/** A line of a run's process. */
export interface Line {
  readonly event: string;
  readonly step?: number;
  readonly machine?: string;
  readonly change?: string;
  readonly reason?: string;
  readonly sha256?: string;
  readonly message?: string;
  readonly resumedAt?: number;
}

export interface RunProcess extends Watched {
  lines(): readonly Line[];
  /** Resolves when the run has finished a step. */
  step(step: number): Promise<unknown>;
  /** Resolves with the weights' hash when the run has ended as it should. */
  sha256(): Promise<string>;
}

export function startRun(given: ProcessRun, before: readonly string[] = []): RunProcess {
  const program = [process.execPath, ...process.execArgv, coordinator, JSON.stringify(given)];
  const run = watch([...before, ...program]);
  const lines = (): Line[] =>
    run
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  return {
    ...run,
    lines,
    step: (step) => run.until(new RegExp(`"event":"step","step":${step},`)),
    async sha256() {
      await run.ended;
      const done = lines().find(({ event }) => event === 'done');
      assert.ok(done?.sha256, run.output().slice(-3000));
      return done.sha256;
    },
  };
}

/** Changes of machines that a run has told of. */
export const changesOf = (run: RunProcess): string[] =>
  run.lines().flatMap(({ event, change }) => (event === 'machine' ? [change!] : []));

/** Resolves after so many milliseconds. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
