/** workerd, the open part of Cloudflare Workers, and the cost of its process. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const PATIENCE_MS = 30_000;

export interface Workerd {
  readonly url: string;
  /** Milliseconds of CPU that the process has taken so far, all its threads together. Linux only, as the others. */
  cpuMs(): number;
  /** The most memory that it has had at once, in MiB. */
  peakMiB(): number;
  isRunning(): boolean;
  close(): Promise<void>;
}

/**
 * Serves what a configuration with a socket named `http` says, on a port of 127.0.0.1 that is free. @throws Error with
 * what it says if it does not start.
 */
export async function startWorkerd(path: string, config: string): Promise<Workerd> {
  const flags = ['--socket-addr=http=127.0.0.1:0', '--control-fd=3'];
  const child = spawn(path, ['serve', config, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  let isRunning = true;
  const ended = new Promise<void>((resolve) =>
    child.on('close', () => {
      isRunning = false;
      resolve();
    }),
  );
  const events = createInterface({ input: child.stdio[3] as Readable });
  const port = await new Promise<number>((resolve, reject) => {
    const fail = () => reject(new Error(`workerd does not start: ${complaints}`));
    const timer = setTimeout(fail, PATIENCE_MS);
    void ended.then(fail);
    events.once('line', (line) => {
      clearTimeout(timer);
      resolve((JSON.parse(line) as { port: number }).port);
    });
  }).catch((error) => {
    child.kill();
    throw error;
  });
  const read = (file: string) => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    url: `http://127.0.0.1:${port}`,
    cpuMs() {
      const times = readdirSync(`/proc/${child.pid}/task`).map((thread) =>
        Number(read(`task/${thread}/schedstat`).split(' ')[0]),
      );
      return times.reduce((sum, ns) => sum + ns) / 1e6;
    },
    peakMiB: () => Number(/VmHWM:\s+(\d+)/.exec(read('status'))![1]) / 1024,
    isRunning: () => isRunning,
    async close() {
      child.kill();
      await ended;
    },
  };
}
