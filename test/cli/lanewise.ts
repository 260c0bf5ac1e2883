/** Runs the built command line: its output, its exit code. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/cli/commands.js';
import { printable } from '../../src/cli/terminal.js';

/** As users have it. */
export const main = fileURLToPath(new URL('../../src/bundle/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  /** Where relative paths begin. Default where the process is. */
  readonly cwd?: string;
  /** Instead of the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

interface AsProcess extends Surroundings {
  /** With what it is called, behind the engine: the script, and what follows. */
  readonly args?: readonly string[];
}

/** Runs `lanewise` with these arguments as a process of its own; `input` is its standard input. */
export function lanewiseProcess(
  args: readonly string[],
  { input, ...options }: SpawnOptions & { readonly input?: string | Uint8Array } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], {
      ...options,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.end(input);
    let [stdout, stderr] = ['', ''];
    child.stdout!.on('data', (data) => (stdout += data));
    child.stderr!.on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** By which a command that ends the process ends here. */
class Exit extends Error {
  constructor(readonly code: number) {
    super(`the process would end with code ${code}`);
  }
}

/** Lets nothing but text through to a stream that is no terminal; resolves to what puts it back. */
function capture(stream: NodeJS.WriteStream, write: (text: string) => void): () => void {
  const names = ['write', 'isTTY', 'columns'] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(stream, name));
  const capturing = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    write(typeof chunk === 'string' ? printable(chunk) : Buffer.from(chunk).toString());
    const written = rest.at(-1);
    if (typeof written === 'function') written();
    return true;
  };
  for (const [i, value] of [capturing, false, undefined].entries())
    Object.defineProperty(stream, names[i]!, { value, configurable: true, writable: true });
  return () => {
    for (const [i, name] of names.entries())
      if (before[i]) Object.defineProperty(stream, name, before[i]);
      else Reflect.deleteProperty(stream, name);
  };
}

/** The process as a command is to find it; resolves to its exit code. */
async function within(
  {
    argv,
    cwd,
    env,
  }: { readonly argv: string[]; readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  work: () => Promise<void>,
): Promise<number> {
  const before = { argv: process.argv, env: process.env, exit: process.exit, cwd: process.cwd() };
  process.exitCode = undefined;
  Object.assign(process, {
    argv,
    env,
    exit(code = process.exitCode ?? 0) {
      throw new Exit(Number(code));
    },
  });
  process.chdir(cwd);
  try {
    await work();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof Exit) return error.code;
    throw error;
  } finally {
    process.chdir(before.cwd);
    Object.assign(process, { argv: before.argv, env: before.env, exit: before.exit });
    process.exitCode = undefined;
  }
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Does work in this process as if it were one of its own, one piece after another: streams, arguments, folder, environment
 * and exit are the work's meanwhile.
 */
export function asProcess(
  { args = [], cwd = process.cwd(), env = process.env }: AsProcess,
  work: () => Promise<void>,
): Promise<Outcome> {
  const run = async (): Promise<Outcome> => {
    let [stdout, stderr] = ['', ''];
    const release = [
      capture(process.stdout, (text) => (stdout += text)),
      capture(process.stderr, (text) => (stderr += text)),
    ];
    try {
      const code = await within({ argv: [process.execPath, ...args], cwd, env: { ...env } }, work);
      return { code, stdout, stderr };
    } finally {
      release.forEach((each) => each());
    }
  };
  const outcome = last.then(run);
  last = outcome.catch(() => {});
  return outcome;
}

/**
 * Runs `lanewise` with these arguments `asProcess`. What a process is besides (signals, standard input, its end) needs
 * `lanewiseProcess`.
 */
export const lanewise = (
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Outcome> => asProcess({ ...surroundings, args: [main, ...args] }, runCommand);

/** The events of a `--json` run. */
export const eventsOf = ({ stdout }: Outcome): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** What `eval --json` printed, or `train --json` before its last line. */
export const evalOf = (outcome: Outcome): Record<string, unknown> =>
  eventsOf(outcome).find(({ event }) => event === 'eval') ?? {};

/** Runs `check` in a folder that is gone afterwards. */
export async function inFolder<T>(check: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-cli-'));
  try {
    return await check(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
