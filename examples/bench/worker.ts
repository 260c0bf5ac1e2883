/** The page's worker, which measures so that the page never waits. */
import { createSuite, workloads } from '../../src/benchmark/suite.js';
import { init } from '../../src/engine/init.js';
import { machineParallelism } from '#platform/threads';
import { LanewiseError, lookUp } from '../../src/base/errors.js';
import { engineOfBrowser } from './browser.js';
import type { Answer, Request } from './messages.js';

/** The build defines it. */
declare const LANEWISE_VERSION: string;

const answer = (message: Answer): void => globalThis.postMessage(message);

async function begin(): Promise<void> {
  const { numerics, threads, notes } = await init();
  answer({
    kind: 'ready',
    place: {
      lanewise: LANEWISE_VERSION,
      engine: await engineOfBrowser(),
      cores: machineParallelism(),
      threads,
    },
    names: Object.keys(workloads),
    numerics: numerics === 'fused' ? ['fused', 'strict'] : ['strict'],
    notes,
  });
}

async function measure({ names, ...conditions }: Request): Promise<void> {
  const suite = await createSuite(conditions);
  for (const name of names) {
    answer({ kind: 'begun', name });
    const row = await suite.measure(name, lookUp('workload', workloads, name));
    answer({ kind: 'row', row });
  }
  answer({ kind: 'done' });
}

function fail(error: unknown): void {
  const hint = error instanceof LanewiseError && error.hint ? `: ${error.hint}` : '';
  answer({ kind: 'failed', reason: `${error instanceof Error ? error.message : error}${hint}` });
}

globalThis.onmessage = ({ data }: MessageEvent<Request>) => void measure(data).catch(fail);
begin().catch(fail);
