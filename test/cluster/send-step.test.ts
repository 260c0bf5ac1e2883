/** The broadcast of a step, and the parts that come back, in pieces. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  AHEAD,
  PACED,
  RECEIVED_EVERY,
  type PartPiece,
  type StepPiece,
} from '../../src/cluster/cluster-messages.js';
import { createCollector } from '../../src/cluster/collect-parts.js';
import { decode } from '../../src/cluster/encode.js';
import { cutPieces } from '../../src/cluster/message-pieces.js';
import { sendStep } from '../../src/cluster/send-step.js';

const SIZE = 2 ** 20;
const head = { step: 4, key: [1, 2], size: 8, assignment: { 'a.x': [0, 1] }, room: 99 } as const;

/** Begins to send; `sent` grows. */
function begin(parts: readonly Uint8Array[], receivers: readonly string[]) {
  const sent: { header: StepPiece; bytes: Uint8Array }[] = [];
  const sending = sendStep({
    epoch: 1,
    serial: 9,
    head,
    parts,
    size: SIZE,
    receivers,
    publish(body) {
      const { header, bytes } = decode(body, 'a test');
      sent.push({ header: header as StepPiece, bytes });
    },
  });
  return { sent, sending };
}

test('a small step is sent at once, and only its first piece says what step it is', () => {
  const parts = [new Uint8Array(32).fill(1), new Uint8Array(3 * SIZE).fill(2)];
  const { sent } = begin(parts, ['a.x']);
  assert.equal(
    sent.map(({ header: { piece, pieces, serial, step } }) => [piece, pieces, serial, step]),
    [
      [0, 4, 9, 4],
      [1, 4, 9, undefined],
      [2, 4, 9, undefined],
      [3, 4, 9, undefined],
    ],
  );
  const whole = Buffer.concat(sent.map(({ bytes }) => bytes));
  assert.ok(whole.equals(Buffer.concat(parts)));
});

test('of a large step no more is under way than the slowest machine can be behind', () => {
  const pieces = 60;
  const ahead = Math.floor(AHEAD / SIZE);
  assert.ok(pieces * SIZE > PACED && pieces > 2 * ahead && RECEIVED_EVERY < ahead);
  const { sent, sending } = begin([new Uint8Array(pieces * SIZE)], ['a', 'b']);
  assert.is(sent.length, ahead);
  sending.received('a', 19);
  assert.is(sent.length, ahead);
  sending.received('b', 3);
  assert.is(sent.length, ahead + 4);
  // A word that comes twice, or is of a machine that came later, changes nothing.
  sending.received('b', 1);
  sending.received('c', 59);
  assert.is(sent.length, ahead + 4);
  // The slowest is gone.
  sending.without('b');
  assert.is(sent.length, ahead + 20);
  sending.received('a', 39);
  assert.is(sent.length, pieces);
});

test('what is stopped is not sent any more, and nothing is sent to nobody', () => {
  const { sent, sending } = begin([new Uint8Array(60 * SIZE)], ['a']);
  sending.stop();
  sending.received('a', 23);
  assert.is(sent.length, Math.floor(AHEAD / SIZE));
  assert.is(begin([new Uint8Array(10)], []).sent.length, 0);
});

const GRADIENT = 64;

/** The pieces of a part of a node, whose values are all `value`. */
function piecesOf(node: readonly [number, number], value: number) {
  const whole = new Float32Array((node[1] - node[0]) * 4 + GRADIENT / 4).fill(value);
  const common = { kind: 'part', epoch: 1, serial: 1, node, ms: 1, shards: 2 } as const;
  return [...cutPieces([new Uint8Array(whole.buffer)], 40)].map(({ piece, bytes }) => ({
    message: { ...common, ...piece } satisfies PartPiece,
    bytes: Buffer.concat(bytes),
  }));
}

test('parts of several machines are put together side by side, in buffers that are used again', () => {
  const collector = createCollector(GRADIENT, 4);
  const buffers = new Set<ArrayBufferLike>();
  for (let round = 0; round < 5; round++) {
    collector.begin();
    const [a, b] = [piecesOf([0, 2], round), piecesOf([2, 3], -round)];
    const parts = a.flatMap((piece, i) => [
      collector.add('a', piece.message, piece.bytes),
      b[i] && collector.add('b', b[i].message, b[i].bytes),
    ]);
    const found = parts.filter((part) => part !== undefined);
    assert.equal(
      found.map(({ machine, node, sum, figures }) => [machine, node, sum[0], figures.length]),
      [
        ['b', [2, 3], -round, 4],
        ['a', [0, 2], round, 8],
      ],
    );
    for (const { sum } of found) {
      assert.is(sum.length, GRADIENT / 4);
      assert.ok(sum.every((value) => value === sum[0]));
      buffers.add(sum.buffer);
      collector.giveBack(sum);
    }
  }
  assert.is(buffers.size, 2);
});

test('a part begins with its first piece, and another one ends it', () => {
  const collector = createCollector(GRADIENT, 4);
  collector.begin();
  const [first, second] = piecesOf([0, 2], 1);
  assert.throws(
    () => collector.add('a', second!.message, second!.bytes),
    /a part of a begins with piece 2, expected its first/,
  );
  collector.add('a', first!.message, first!.bytes);
  const others = piecesOf([2, 4], 2);
  for (const { message, bytes } of others.slice(0, -1)) collector.add('a', message, bytes);
  const { message, bytes } = others.at(-1)!;
  assert.equal(collector.add('a', message, bytes)!.node, [2, 4]);
});

test('a part of another size is refused before memory is taken', () => {
  const collector = createCollector(GRADIENT, 4);
  collector.begin();
  const [first] = piecesOf([0, 2], 1);
  const message = { ...first!.message, bytes: 2 ** 40 };
  assert.throws(() => collector.add('a', message, first!.bytes), /expected 96/);
});

test('half a window is credited at a time, and a new step begins with a whole one', () => {
  const collector = createCollector(GRADIENT, 4);
  const credits = Array.from({ length: 9 }, () => collector.credit('a', 8));
  assert.equal(credits, [0, 0, 0, 4, 0, 0, 0, 4, 0]);
  collector.begin();
  assert.equal([collector.credit('a', 4), collector.credit('a', 4)], [0, 2]);
  assert.is(collector.credit('b', 1), 1);
});

test.run();
