/** Runs the built command line as its user would: a process, its output, its exit code. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `lanewise` with these arguments in a folder; `input` is its standard input. */
export function lanewise(
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

/** The events of a `--json` run. */
export const eventsOf = ({ stdout }: Outcome): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Runs `check` in a folder that is gone afterwards. */
export async function inFolder<T>(check: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-cli-'));
  try {
    return await check(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
