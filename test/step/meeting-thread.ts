/** A thread of meeting.test.ts: comes to meetings, now and then much too late, and counts those it left too early. */
import { parentPort, workerData } from 'node:worker_threads';
import { createMeeting } from '../../src/step/meeting.js';
import type { MemoryMap } from '../../src/feed/layout.js';

export interface MeetingSetup {
  readonly map: MemoryMap;
  readonly memory: WebAssembly.Memory;
  readonly workers: number;
  readonly rank: number;
  readonly parkMs: number;
  /** Int32 index at which each worker says how many meetings it has come to. */
  readonly counts: number;
}

const { map, memory, workers, rank, parkMs, counts } = workerData as MeetingSetup;
const words = new Int32Array(memory.buffer);
const meet = createMeeting({ memory: map, workers }, memory, 0, parkMs);
let early = 0;
for (let i = 1; i <= 60; i++) {
  // A different one is late each time, by several looks of the others.
  if (i % workers === rank) Atomics.wait(words, 0, 0, 4 * parkMs);
  Atomics.store(words, counts + rank, i);
  meet();
  for (let other = 0; other < workers; other++)
    if (Atomics.load(words, counts + other) < i) early++;
}
parentPort!.postMessage(early);
