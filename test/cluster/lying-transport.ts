/** The transport of a worker that lies: it flips a bit of parts that it sends, from one step on. */
import { fromCoordinator } from '../../src/cluster/read-message.js';
import type { Transport } from '../../src/cluster/transport.js';
import { STEP_FIGURES } from '../../src/feed/layout.js';

/** A bit of a float, and which float: one of the sum, counted from its first, or a shard's loss. */
export interface Lie {
  /** The first step that is lied about, counted from 1. */
  readonly from: number;
  /** 0 is the lowest of the mantissa, 23 the lowest of the exponent. */
  readonly bit: number;
  readonly float: number | 'loss';
  /** Whether it lies about one part of each step; default all. */
  readonly isOnce?: boolean;
  /** Steps that it lies about, by their number and how many it has had a part of; default all. */
  readonly isMeant?: (step: number, served: number) => boolean;
  readonly onLie?: (step: number) => void;
}

export function lying(transport: Transport, lie: Lie): Transport {
  let step = 0;
  let [last, served, lied] = [0, 0, 0];
  return {
    ...transport,
    subscribe: (pattern, hear) =>
      transport.subscribe(pattern, (delivery) => {
        step = stepOf(delivery.body) ?? step;
        hear(delivery);
      }),
    publish(subject, body) {
      const part = partOf(body);
      if (part && step !== last) served++;
      if (part) last = step;
      const isMeant = step >= lie.from && (lie.isMeant?.(step, served) ?? true);
      if (!part || !isMeant || (lie.isOnce && step === lied))
        return transport.publish(subject, body);
      const wrong = body.slice();
      const figures = (part.node[1] - part.node[0]) * STEP_FIGURES;
      const at = part.start + (lie.float === 'loss' ? 0 : (figures + lie.float) * 4);
      wrong[at + (lie.bit >> 3)]! ^= 1 << (lie.bit & 7);
      lied = step;
      lie.onLie?.(step);
      return transport.publish(subject, wrong);
    },
  };
}

/** The number of the step that a message begins to send, counted from 1. */
function stepOf(body: Uint8Array): number | undefined {
  const { message } = fromCoordinator(body);
  return message.kind === 'step' && message.step !== undefined ? message.step + 1 : undefined;
}

/** The node of a message with the first piece of a part, and where its bytes start. */
function partOf(
  body: Uint8Array,
): { readonly node: [number, number]; readonly start: number } | undefined {
  const start = 4 + new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(body.subarray(4, start))) as {
    readonly kind: string;
    readonly node: [number, number];
    readonly piece: number;
  };
  return header.kind === 'part' && header.piece === 0 ? { node: header.node, start } : undefined;
}
