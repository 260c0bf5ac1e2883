/** What feeds a ring: readers, which take samples in the epoch's order, and streams, which have their own. */
import { checkFinite } from '../check-values.js';
import type { StreamSample } from '../data/dataset.js';
import { UNNAMED, type Samples } from '../data/samples.js';
import { LanewiseError, show } from '../errors.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import { slotOf, type SampleSlots } from './decoder.js';
import { createDecoders, type Decoders, type DecoderTarget } from './decoders.js';
import { createFeed, type Feed, type Supply } from './feed.js';
import type { Columns } from './columns.js';

/** The slots of a streamed data set in memory. */
export interface Ring {
  readonly slots: number;
  readonly count: number;
  readonly samples: SampleSlots;
  /** Columns of one value a sample, such as labels: the slots, and all samples' values. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly slots: Uint8Array | Int32Array | Float32Array;
  readonly values: ArrayLike<number>;
}

export interface Feeds {
  /** By data set; undefined for one in memory. */
  readonly feeds: readonly (Feed | undefined)[];
  /** Milliseconds in which decoder threads were at work, of all of them together. */
  busyMs(): number;
  readonly threads: number;
  close(): Promise<void>;
}

/** Feeds for the data sets that have a ring, with `threads` decoder threads for all of them. */
export async function createFeeds(
  sources: readonly Columns['source'][],
  rings: readonly (Ring | undefined)[],
  threads: number,
): Promise<Feeds> {
  const targets: DecoderTarget[] = [];
  const sourceOf = sources.map((source, i) => {
    const reader = source?.source?.reader;
    return reader ? targets.push({ name: source!.name, reader, slots: rings[i]!.samples }) - 1 : -1;
  });
  const decoders = await createDecoders(targets, threads);
  const feeds = sources.map((source, i) => {
    if (!source) return undefined;
    const ring = rings[i]!;
    const of = sourceOf[i]!;
    const supply = of < 0 ? streamSupply(source, ring) : readerSupply(decoders, of, ring);
    return createFeed(supply, ring.count, ring.slots);
  });
  return {
    feeds,
    busyMs: () => decoders.busyMs(),
    threads: decoders.threads,
    async close() {
      await Promise.all(feeds.map((feed) => feed?.close()));
      await decoders.close();
    },
  };
}

function readerSupply(decoders: Decoders, source: number, { slots, rows }: Ring): Supply {
  return {
    tasks: decoders.tasksOf(source),
    async begin() {},
    async fill({ order, from, count, slot }) {
      const samples = [...order.subarray(from, from + count)];
      const places = samples.map((_, i) => (slot + i) % slots);
      for (const row of rows)
        samples.forEach((sample, i) => (row.slots[places[i]!] = row.values[sample]!));
      await decoders.run({ source, samples, slots: places });
    },
    async close() {},
  };
}

function streamSupply(stream: Samples, { slots, samples, rows }: Ring): Supply {
  const { name, count: length } = stream;
  let iterator: AsyncIterator<StreamSample> | undefined;
  let closed = false;
  const refuse = (what: string, cause?: unknown) =>
    new LanewiseError('data', `data set '${name}': ${what}`, undefined, { cause });

  /** The next sample; undefined behind the last. */
  async function take(position: number): Promise<StreamSample | undefined> {
    try {
      const { done, value } = await iterator!.next();
      return done ? undefined : value;
    } catch (error) {
      if (error instanceof LanewiseError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw refuse(`its stream failed at sample ${position}: ${reason}`, error);
    }
  }

  async function takeSome(position: number): Promise<StreamSample> {
    const sample = await take(position);
    if (sample) return sample;
    throw refuse(`its stream ended after ${position} samples, expected ${length}`);
  }

  async function stop(): Promise<void> {
    const old = iterator;
    iterator = undefined;
    await old?.return?.();
  }

  return {
    tasks: 1,
    async begin(position, epoch) {
      await stop();
      iterator = stream.source!.open!(epoch)[Symbol.asyncIterator]();
      for (let i = 0; i < position; i++) await takeSome(i);
    },
    async fill({ from, count, slot: first }) {
      for (let i = 0; i < count; i++) {
        const position = from + i;
        const sample = await takeSome(position);
        checkSample(stream, sample, position);
        // The memory may be another run's by now.
        if (closed) return;
        const slot = (first + i) % slots;
        slotOf(samples, slot).set(sample.values);
        for (const row of rows) row.slots[slot] = sample.label;
      }
      if (from + count < length || (await take(length)) === undefined) return;
      await stop();
      throw refuse(`its stream has more than ${length} samples, as many as its length says`);
    },
    async close() {
      closed = true;
      // Not awaited: a stream that waits for its next sample would end only then.
      void stop().catch(() => {});
    },
  };
}

function checkSample(
  { name, inputs, classes }: Samples,
  { values, label }: StreamSample,
  position: number,
): void {
  const { shape, values: none } = inputs[UNNAMED]!;
  const Type = none instanceof Uint8Array ? Uint8Array : Float32Array;
  const count = (classes as readonly string[]).length;
  const refuse = (what: string) => {
    throw new LanewiseError('data', `data set '${name}', sample ${position}: ${what}`);
  };
  if (!(values instanceof Type)) refuse(`values are ${show(values)}, expected ${Type.name}`);
  if (values.length !== sizeOf(shape)) {
    refuse(`${values.length} values, expected ${sizeOf(shape)} (${showShape(shape)})`);
  }
  checkFinite('data', `data set '${name}', sample ${position}`, values);
  if (!Number.isInteger(label) || label < 0 || label >= count) {
    refuse(`label ${show(label)}, expected a whole number from 0 to ${count - 1}`);
  }
}
