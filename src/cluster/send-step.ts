/**
 * The broadcast of a step: the places of its samples and the weights, in pieces. They are cut from the run's memory when they are
 * sent, so nothing is copied twice. Small steps are sent at once. Of large ones at most `AHEAD` bytes are under way to the slowest machine,
 * which says what it has received.
 */
import { AHEAD, PACED, type StepPiece } from './cluster-messages.js';
import { encode } from './encode.js';
import { cutPieces, type Cut } from './message-pieces.js';

/** What the first piece says. */
export type StepHead = Required<Pick<StepPiece, 'step' | 'key' | 'size' | 'assignment' | 'room'>>;

export interface SendRequest {
  readonly epoch: number;
  readonly serial: number;
  readonly head: StepHead;
  /** Views of what is sent, which stay as they are until all is sent or it is stopped. */
  readonly parts: readonly Uint8Array[];
  /** Bytes of a piece. */
  readonly size: number;
  /** The machines that receive it. */
  readonly receivers: readonly string[];
  readonly publish: (body: Uint8Array) => void;
}

export interface Sending {
  /** A machine has received pieces up to this one. */
  received(machine: string, piece: number): void;
  /** A machine receives no more. */
  without(machine: string): void;
  /** Nothing more is sent. */
  stop(): void;
}

/** Begins to send a step. */
export function sendStep(request: SendRequest): Sending {
  const { epoch, serial, head, parts, size, publish } = request;
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const ahead = bytes > PACED ? Math.max(1, Math.floor(AHEAD / size)) : Infinity;
  const pieces = cutPieces(parts, size);
  /** Pieces that each machine has received. */
  const received = new Map(request.receivers.map((machine) => [machine, 0]));
  let next: Cut | undefined = pieces.next().value;

  function pump(): void {
    if (!next || received.size === 0) return;
    const slowest = ahead === Infinity ? 0 : Math.min(...received.values());
    while (next && next.piece.piece < slowest + ahead) {
      const { piece, bytes: views } = next;
      const named = piece.piece === 0 ? head : {};
      publish(encode({ kind: 'step', epoch, serial, ...piece, ...named }, ...views));
      next = pieces.next().value;
    }
  }

  pump();
  return {
    received(machine, piece) {
      const known = received.get(machine);
      if (known === undefined || piece < known) return;
      received.set(machine, piece + 1);
      pump();
    },
    without(machine) {
      received.delete(machine);
      pump();
    },
    stop() {
      next = undefined;
    },
  };
}
