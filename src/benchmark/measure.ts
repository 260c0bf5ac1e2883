/** The timing of calls: batches long enough for the clock are repeated for a while, and the median is the figure. */

export interface Timing {
  /** The median time of one call, in milliseconds. */
  readonly medianMs: number;
  readonly minMs: number;
  /** The middle half of the times lies between these. */
  readonly quartilesMs: Spread;
}

/** The ends of the middle half. */
export type Spread = readonly [number, number];

/** The median of some figures, and their middle half. */
export function summarize(figures: readonly number[]): { median: number; spread: Spread } {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { median: at(0.5), spread: [at(0.25), at(0.75)] };
}

export function summarizeTimes(ms: readonly number[]): Timing {
  const { median, spread } = summarize(ms);
  return { medianMs: median, minMs: Math.min(...ms), quartilesMs: spread };
}

/** A timing with the figure that `figure` computes from one call's milliseconds. */
export function timed<Unit extends string>(
  timing: Timing,
  unit: Unit,
  figure: (ms: number) => number,
): Timing & { value: number; unit: Unit; spread: Spread } {
  const [a, b] = timing.quartilesMs.map(figure) as [number, number];
  return { ...timing, value: figure(timing.medianMs), unit, spread: a < b ? [a, b] : [b, a] };
}

/** A batch of calls takes at least this long; ticks of up to 2 % of it are ignored. */
const BATCH_MS = 5;
const TICKS = 50;

/**
 * The tick of `performance.now`, in milliseconds: 5 µs to 1 ms in browsers, depending on whether the page is isolated. It is
 * read ten times, since two ticks may be far apart.
 */
function clockTick(): number {
  let least = Infinity;
  for (let i = 0; i < 10; i++) {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    least = Math.min(least, now - start);
  }
  return least;
}

/** Work that is handed out at once takes about this long, and is repeated at most this often. */
const CHUNK_MS = 40;
export const CHUNK_REPEATS = 64;

/** Times the work that `run` repeats, like `timeCalls`, if handing it out takes time itself. */
export async function timeChunks(
  run: (repeats: number) => Promise<void>,
  seconds: number,
): Promise<Timing> {
  const once = async (repeats: number): Promise<number> => {
    const start = performance.now();
    await run(repeats);
    return (performance.now() - start) / repeats;
  };
  const chunkMs = Math.max(CHUNK_MS, TICKS * clockTick());
  const repeatsFor = (ms: number) => Math.min(CHUNK_REPEATS, Math.max(1, Math.round(chunkMs / ms)));
  let repeats = repeatsFor(await once(3));
  const warm = performance.now() + seconds * 200;
  while (performance.now() < warm) repeats = repeatsFor(await once(repeats));
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) times.push(await once(repeats));
  return summarizeTimes(times);
}

/** Times `call` for about `seconds`, after a fifth of that to warm up. */
export function timeCalls(call: () => void, seconds: number): Timing {
  const warm = performance.now() + seconds * 200;
  let calls = 0;
  while (performance.now() < warm || calls === 0) {
    call();
    calls++;
  }
  const perCall = Math.max((seconds * 200) / calls, 1e-6);
  const batchMs = Math.max(BATCH_MS, TICKS * clockTick());
  const batch = Math.max(1, Math.ceil(batchMs / perCall));
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) call();
    times.push((performance.now() - start) / batch);
  }
  return summarizeTimes(times);
}
