/** The run of small-run.ts in processes of its own, and what happens to its folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { runSmall, type Options } from './small-run.js';

export const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const program = here('small-run.js');
const dyingThread = here('dying-thread.js');

export interface Line {
  readonly event: string;
  readonly step?: number;
  readonly resumedAt?: number;
  readonly message?: string;
  readonly hint?: string;
  readonly sha256?: string;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command; `disturb` sees its output so far whenever there is more. */
export async function runCommand(
  command: readonly string[],
  {
    cwd,
    env,
    disturb,
  }: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly disturb?: (child: ReturnType<typeof spawn>, output: string) => void;
  } = {},
): Promise<Outcome> {
  const child = spawn(command[0]!, command.slice(1), {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    disturb?.(child, stdout);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stdout, stderr };
}

const linesOf = ({ stdout }: Outcome): Line[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** The run of small-run.ts in this process, which is what starts fastest. */
async function smallHere(options: Options): Promise<Outcome> {
  let stdout = '';
  const isWhole = await runSmall(options, (line) => (stdout += `${JSON.stringify(line)}\n`));
  return { code: isWhole ? 0 : 1, signal: null, stdout, stderr: '' };
}

/**
 * The run of small-run.ts, with files of at most `blocks` (of 512 bytes) if given. With these or an environment of its own
 * it is a process of its own.
 */
export function small(
  options: Options,
  blocks?: number,
  env: Record<string, string> = {},
): Promise<Outcome> {
  if (blocks === undefined && Object.keys(env).length === 0) return smallHere(options);
  const imports = env['LANEWISE_DEATH'] ? ['--import', dyingThread] : [];
  const command = [process.execPath, ...imports, program, JSON.stringify(options)];
  // Node turns the signal of a file that grows too large into an error of the write.
  const limited = ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', ...command];
  return runCommand(blocks === undefined ? command : limited, { env });
}

export const of = (outcome: Outcome, event: string) =>
  linesOf(outcome).filter((line) => line.event === event);

export function hashOf(outcome: Outcome): string {
  const [done] = of(outcome, 'done');
  assert.ok(done?.sha256, `${outcome.stdout.slice(-500)}${outcome.stderr}`);
  return done.sha256;
}

export const leftovers = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith('.tmp') || name.startsWith('lock'));

/** Overwrites four bytes in the middle of a file. */
export async function damage(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Uint8Array.of(1, 2, 3, 4), 0, 4, Math.floor((await file.stat()).size / 2));
  await file.close();
}

/** A folder whose run was killed when both its checkpoints were there. */
export async function interrupted(folder: string): Promise<void> {
  const options = { folder, everySteps: 4 };
  await runCommand([process.execPath, program, JSON.stringify(options)], {
    disturb: (child, output) => output.split('"checkpoint"').length > 3 && child.kill('SIGKILL'),
  });
  assert.ok(existsSync(join(folder, 'checkpoint-previous.safetensors')));
}
