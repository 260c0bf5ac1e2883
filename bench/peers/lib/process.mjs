// One measurement, one process.
import { spawn } from 'node:child_process';
import { argumentsFor } from './peers.mjs';
import { parseLine } from './statistics.mjs';

/** A peer that needs longer than this and ten times its seconds has no result. */
const LIMIT_MS = 120_000;

/** What a process printed, and how it ended. */
function execute([program, ...rest], env, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr, late] = ['', '', false];
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.on('error', (error) => resolve({ stdout, stderr: error.message }));
    child.on('close', () => {
      clearTimeout(timer);
      const limit = `no result within ${Math.round(limitMs / 1000)} s`;
      resolve({ stdout, stderr: late ? limit : stderr });
    });
  });
}

/** `taskset` on the cores that belong to a number of threads; nothing where `cores` is empty. */
const pinned = (threads, cores) =>
  cores.length ? ['taskset', '-c', cores.slice(0, threads).join(',')] : [];

/** `{ workload, threads, value, unit, medianMs, minMs, … }`, or `{ workload, unavailable }`. */
export async function measure(peer, { workload, threads }, options) {
  const parameters = argumentsFor(peer, { workload, threads, seconds: options.seconds });
  const command = [...pinned(threads, options.cores), ...peer.command(options), ...parameters];
  const limitMs = LIMIT_MS + options.seconds * 10_000;
  const { stdout, stderr } = await execute(command, peer.env, limitMs);
  const found = parseLine(stdout, stderr);
  if (found.threads !== undefined && found.threads !== threads)
    return { workload, unavailable: `it is measured with ${found.threads} thread` };
  return { ...found, workload };
}

/** `{ version, detail? }`, or `{ unavailable }`. */
export async function versionOf(peer, options) {
  const { stdout, stderr } = await execute(
    [...peer.command(options), '--version'],
    peer.env,
    LIMIT_MS,
  );
  return parseLine(stdout, stderr);
}
