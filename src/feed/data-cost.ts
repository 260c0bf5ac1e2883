/** The cost of reading samples: the time training waits for them, and the time decoders take from workers. */
import { cpuMs } from '#platform/system';

/** A stretch of training steps. */
export interface Span {
  readonly ms: number;
  /** Milliseconds of `ms` in which the workers had no samples. */
  readonly waitedMs: number;
  /** Processor time of the whole process, in milliseconds. */
  readonly cpuMs: number;
  /** Time in which decoders were busy, summed over all of them. */
  readonly decoderMs: number;
}

/**
 * Milliseconds of a span that training on samples in memory would not have needed, by estimate. Besides the time spent
 * waiting, decoders take the workers' processors where threads outnumber them: the process's processor time is divided
 * in proportion to the busy times of workers and decoders, and the decoders' part is free as far as processors were
 * idle.
 */
export function costOf(
  { ms, waitedMs, cpuMs, decoderMs }: Span,
  workers: number,
  processors: number,
): number {
  const workersMs = workers * (ms - waitedMs);
  if (decoderMs === 0 || workersMs <= 0) return waitedMs;
  const used = Math.min(workers, processors);
  const free = Math.max(0, processors - workers) * ms + used * waitedMs;
  const takenMs = (cpuMs * decoderMs) / (decoderMs + workersMs) - free;
  return waitedMs + Math.min(Math.max(0, takenMs / used), ms - waitedMs);
}

/** Readings before and after a span. */
type Clocks = () => Omit<Span, 'ms' | 'cpuMs'>;

export interface CostMeter {
  /** Runs training steps, and adds up the cost of their data. */
  run<Result>(steps: () => Promise<Result>): Promise<Result>;
  /** Total cost in milliseconds. */
  costMs(): number;
}

export function createMeter(clocks: Clocks, workers: number, processors: number): CostMeter {
  let costMs = 0;
  const now = (): Span => ({ ms: performance.now(), cpuMs: cpuMs(), ...clocks() });
  return {
    async run(steps) {
      const before = now();
      const result = await steps();
      const after = now();
      const since = (key: keyof Span) => after[key] - before[key];
      const span = {
        ms: since('ms'),
        waitedMs: since('waitedMs'),
        cpuMs: since('cpuMs'),
        decoderMs: since('decoderMs'),
      };
      costMs += costOf(span, workers, processors);
      return result;
    },
    costMs: () => costMs,
  };
}
