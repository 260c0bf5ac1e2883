/** What reading samples costs training: what it waits for them, and what decoders take from the workers. */
import { cpuMs } from '#platform/system';

/** A stretch of training steps. */
export interface Span {
  readonly ms: number;
  /** Of `ms`, in which the workers had no samples. */
  readonly waitedMs: number;
  /** Processor time of the whole process. */
  readonly cpuMs: number;
  /** In which decoders were at work, of all of them together. */
  readonly decoderMs: number;
}

/**
 * Milliseconds of a span that training on samples in memory would not have needed, by estimate. Beside the time waited
 * for, decoders take the workers' processors where threads outnumber them: the process's processor time is shared out
 * by the times that workers and decoders were at work, and what the decoders had is theirs as far as processors were free.
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

/** What is read off before and after a stretch. */
type Clocks = () => Omit<Span, 'ms' | 'cpuMs'>;

export interface CostMeter {
  /** Does what is training, and counts what its data cost. */
  run<Result>(steps: () => Promise<Result>): Promise<Result>;
  /** In all. */
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
