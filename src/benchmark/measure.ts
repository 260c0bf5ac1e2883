/** Timing: batches of calls long enough for the clock, repeated for a while; the median is the figure. */

export interface Timing {
  /** Of one call, in milliseconds. */
  readonly medianMs: number;
  readonly minMs: number;
}

/** A batch of calls takes at least this long. */
const BATCH_MS = 5;

export function summarizeTimes(ms: readonly number[]): Timing {
  const sorted = ms.toSorted((a, b) => a - b);
  return { medianMs: sorted[Math.floor(sorted.length / 2)]!, minMs: sorted[0]! };
}

/** Work handed out at once takes about this long, and is repeated at most so often. */
const CHUNK_MS = 40;
export const CHUNK_REPEATS = 64;

/** Times what `run` repeats, like `timeCalls`, where handing out the work takes a while itself. */
export async function timeChunks(
  run: (repeats: number) => Promise<void>,
  seconds: number,
): Promise<Timing> {
  const timed = async (repeats: number): Promise<number> => {
    const start = performance.now();
    await run(repeats);
    return (performance.now() - start) / repeats;
  };
  const repeatsFor = (ms: number) =>
    Math.min(CHUNK_REPEATS, Math.max(1, Math.round(CHUNK_MS / ms)));
  let repeats = repeatsFor(await timed(3));
  const warm = performance.now() + seconds * 200;
  while (performance.now() < warm) repeats = repeatsFor(await timed(repeats));
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) times.push(await timed(repeats));
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
  const batch = Math.max(1, Math.ceil(BATCH_MS / perCall));
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) call();
    times.push((performance.now() - start) / batch);
  }
  return summarizeTimes(times);
}
