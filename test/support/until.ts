/** Waiting in tests for what other processes do. */
import * as assert from 'uvu/assert';

/** Resolves when `isTrue` is, looking again and again; for ten seconds by default. */
export async function until(isTrue: () => boolean, what: string, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!isTrue()) {
    assert.ok(performance.now() < end, `no ${what} in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
