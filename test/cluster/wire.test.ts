/** Messages as bytes, in pieces, and checked when they are read. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { decode, encode } from '../../src/cluster/encode.js';
import {
  AHEAD,
  type FromCoordinator,
  type FromWorker,
  type Piece,
} from '../../src/cluster/cluster-messages.js';
import {
  addPiece,
  beginAssembly,
  cutPieces,
  pieceSize,
  windowOf,
} from '../../src/cluster/message-pieces.js';
import { fromCoordinator, fromWorker } from '../../src/cluster/read-message.js';
import { matches } from '../../src/cluster/subjects.js';

const counted = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** The message of the error that a call throws. */
function errorOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('a message is its header and its bytes', () => {
  const body = encode({ kind: 'x', n: 1 }, counted(5), new Uint8Array(0), counted(3));
  const { header, bytes } = decode(body, 'a');
  assert.equal(header, { kind: 'x', n: 1 });
  assert.equal(Array.from(bytes), [0, 1, 2, 3, 4, 0, 1, 2]);
  assert.match(
    errorOf(() => decode(new Uint8Array(3), 'a')),
    'of a has 3 bytes, expected 4',
  );
  const long = encode({});
  long[0] = 200;
  assert.match(
    errorOf(() => decode(long, 'a')),
    'says that its header has 200 bytes',
  );
  const broken = encode({});
  broken[4] = 0;
  assert.match(
    errorOf(() => decode(broken, 'a')),
    'is not JSON',
  );
});

test('a message is cut into pieces and put together in any order', () => {
  for (const [bytes, size] of [
    [1000, 100],
    [1001, 100],
    [999, 100],
    [99, 100],
    [0, 100],
    [101, 100],
    [7, 1],
  ] as const) {
    const whole = counted(bytes);
    const parts = [whole.subarray(0, 40), whole.subarray(40, 41), whole.subarray(41)];
    const cuts = [...cutPieces(parts, size)].map(({ piece, bytes: views }) => ({
      piece: { serial: 1, ...piece } as Piece,
      bytes: decode(encode({}, ...views), 'a').bytes,
    }));
    for (const order of [cuts, cuts.toReversed()]) {
      const [first] = order;
      const assembly = beginAssembly('a', first!.piece, first!.bytes, bytes);
      order.forEach((cut, i) => {
        const isLast = i === order.length - 1;
        assert.is(addPiece('a', assembly, cut.piece, cut.bytes), isLast);
        assert.is(addPiece('a', assembly, cut.piece, cut.bytes), isLast, 'a piece twice');
      });
      assert.equal(assembly.whole, whole);
    }
  }
});

test('a piece that does not fit is refused before memory is taken', () => {
  const piece = { serial: 1, piece: 0, pieces: 3, bytes: 250 };
  const begin = (change: Partial<Piece>, length: number, expected = 250) =>
    errorOf(() => beginAssembly('bo', { ...piece, ...change }, counted(length), expected));
  assert.match(
    begin({ bytes: 2 ** 52 }, 100),
    'says that the whole has 4503599627370496 bytes, expected 250',
  );
  assert.match(begin({}, 60), 'piece 1 of 3 from bo has 60 bytes');
  assert.match(begin({}, 0), 'has 0 bytes');
  // As many pieces as bytes, all of them empty.
  assert.match(begin({ pieces: 250 }, 0), 'has 0 bytes');
  assert.match(begin({ pieces: 250, piece: 249 }, 0), 'has 0 bytes');
  assert.match(begin({ pieces: 2 }, 100), 'has 100 bytes');
  assert.match(begin({ piece: 2 }, 90), 'has 90 bytes');
  assert.match(begin({ piece: 2 }, 51), 'has 51 bytes');
  assert.match(begin({ pieces: 1 }, 100), 'has 100 bytes');
  const assembly = beginAssembly('bo', piece, counted(100), 250);
  const add = (change: Partial<Piece>, length: number) =>
    errorOf(() => addPiece('bo', assembly, { ...piece, ...change }, counted(length)));
  assert.match(add({ bytes: 251 }, 100), 'is one of 3 of 251 bytes, expected 3 of 250');
  assert.match(add({ pieces: 4 }, 100), 'is one of 4');
  assert.match(add({ piece: 1 }, 99), 'has 99 bytes, expected 100');
  assert.match(add({ piece: 2 }, 100), 'has 100 bytes, expected 50');
  const memory = new Uint8Array(250);
  assert.is(beginAssembly('bo', piece, counted(100), 250, memory).whole, memory);
  assert.is.not(
    beginAssembly('bo', { ...piece, bytes: 249 }, counted(100), 249, memory).whole,
    memory,
  );
});

test('what is not a header is not parsed, however long or deep', () => {
  const hostile = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const body = new Uint8Array(4 + bytes.length);
    new DataView(body.buffer).setUint32(0, bytes.length, true);
    body.set(bytes, 4);
    return body;
  };
  const long = hostile(JSON.stringify({ kind: 'beat', epoch: 7, more: 'x'.repeat(900_000) }));
  assert.match(
    errorOf(() => fromWorker(long, 'bo.x')),
    /header has 9000\d\d bytes, expected at most 16384/,
  );
  assert.is(
    fromCoordinator(hostile('{"kind":"leave","epoch":7,"reason":""}')).message.kind,
    'leave',
  );
  const deep = `{"kind":"leave","epoch":7,"reason":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
  assert.match(
    errorOf(() => fromCoordinator(hostile(deep))),
    'a message of the coordinator',
  );
  for (const text of [
    '{"__proto__":{"kind":"beat","epoch":7}}',
    '{"kind":"__proto__"}',
    '{"kind":"constructor"}',
    '{"kind":["beat"],"epoch":7}',
    '[{"kind":"beat"}]',
    'null',
    '{"kind":"beat","epoch":1e999}',
    '{"kind":"beat","epoch":-1}',
  ])
    assert.match(
      errorOf(() => fromWorker(hostile(text), 'bo.x')),
      'a message of bo.x',
      text,
    );
});

test('pieces leave room for a header below what a server takes', () => {
  assert.is(pieceSize(2 ** 20), 917_504);
  assert.is(pieceSize(2 ** 26), 921_600);
  assert.is(pieceSize(2 ** 14), 12_288);
});

test('parts of many machines are cut smaller, so that all that is under way is bounded', () => {
  for (const machines of [1, 2, 5, 13, 14, 26, 27, 100, 1000]) {
    const room = Math.floor(AHEAD / machines);
    const { size, window } = windowOf(room, 917_504);
    assert.ok(window >= 2 && size <= 917_504 && size * window * machines <= AHEAD, `${machines}`);
  }
  assert.equal(windowOf(AHEAD, 917_504), { size: 917_504, window: 27 });
  assert.equal(windowOf(1, 917_504), { size: 4096, window: 1 });
});

const hash = 'ab'.repeat(32);
const build = { protocol: 1, version: '1.2.3', wasm: hash, numerics: 'strict' } as const;
const head = {
  step: 4,
  key: [1, 2 ** 32 - 1],
  room: 1000,
  size: 64,
  assignment: { 'bo.x': [0, 2], coordinator: [2, 4] },
} as const;
const piece = { serial: 3, piece: 0, pieces: 1, bytes: 4 };

const coordinators: readonly FromCoordinator[] = [
  { kind: 'call', ...build, run: 'r1', epoch: 7 },
  { kind: 'refused', epoch: 7, reason: 'another version', hint: 'install 1.2.3' },
  {
    kind: 'welcome',
    epoch: 7,
    plan: { sha256: hash, bytes: 9 },
    contents: [{ sha256: hash, bytes: 1, region: 'input x', offset: 0 }],
  },
  { kind: 'step', epoch: 7, ...piece, ...head },
  { kind: 'step', epoch: 7, ...piece, piece: 1, pieces: 2 },
  { kind: 'redo', epoch: 7, serial: 3, range: [1, 2] },
  { kind: 'credit', epoch: 7, pieces: 4 },
  { kind: 'leave', epoch: 7, reason: 'the run ended' },
];
const workers: readonly FromWorker[] = [
  { kind: 'hello', ...build, threads: 4, engine: 'Node 22.4.0' },
  { kind: 'refused', epoch: 7, reason: 'no room' },
  { kind: 'ready', epoch: 7, plan: hash },
  { kind: 'beat', epoch: 7 },
  { kind: 'part', epoch: 7, ...piece, node: [0, 2], ms: 0.25, shards: 2 },
  { kind: 'received', epoch: 7, serial: 3, piece: 2 },
  { kind: 'leave', epoch: 7, reason: 'told to stop' },
];

test('every message is read as it was sent, and what is not known is left out', () => {
  for (const message of coordinators) {
    const read = fromCoordinator(encode({ ...message, more: 1 }, counted(4)));
    assert.equal(read.message, message);
    assert.equal(Array.from(read.bytes), [0, 1, 2, 3]);
  }
  for (const message of workers)
    assert.equal(fromWorker(encode({ ...message, more: 1 }), 'bo.x').message, message);
});

test('every field of every message is checked, by name', () => {
  const wrong = [undefined, null, -1, 1.5, 2 ** 60, '', 'A B', {}, [], [1], true];
  const check = (message: object, read: (body: Uint8Array) => { message: object }): void => {
    const sent = message as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(message).filter((key) => key !== 'kind')) {
      let refused = 0;
      for (const bad of wrong) {
        try {
          // What is let through has the value's type and may be used.
          const found = read(encode({ ...message, [name]: bad }));
          const value = (found.message as Readonly<Record<string, unknown>>)[name];
          if (value !== undefined) assert.is(typeof value, typeof sent[name], name);
        } catch (error) {
          assert.instance(error, LanewiseError, String(error));
          assert.match((error as LanewiseError).message, /^a message of /);
          refused++;
        }
      }
      assert.ok(refused >= 7, `${String(sent['kind'])}.${name}: ${refused} refused`);
    }
  };
  for (const message of coordinators) check(message, fromCoordinator);
  for (const message of workers) check(message, (body) => fromWorker(body, 'bo.x'));
});

test('messages that do harm are refused', () => {
  const read = (message: object): string => errorOf(() => fromWorker(encode(message), 'bo.x'));
  assert.match(
    read({ kind: 'step' }),
    "a message of bo.x is of kind 'step', expected one of hello",
  );
  assert.match(read({ kind: 'toString' }), "is of kind 'toString'");
  assert.match(read([]), 'is of kind undefined');
  const part = { kind: 'part', epoch: 7, ...piece, node: [0, 2], ms: 1, shards: 2 };
  assert.match(read({ ...part, piece: 1 }), 'it is piece 1 of 1');
  assert.match(read({ ...part, pieces: 5 }), 'it is piece 0 of 5 of 4 bytes');
  assert.match(read({ ...part, node: [2, 2] }), 'node is [2, 2], expected');
  const step = { kind: 'step', epoch: 7, ...piece, ...head };
  const tell = (message: object): string => errorOf(() => fromCoordinator(encode(message)));
  assert.match(
    tell({ ...step, assignment: { 'a.b.c': [0, 1] } }),
    "a machine of assignment is 'a.b.c'",
  );
  assert.match(
    errorOf(() =>
      fromCoordinator(
        encode({ toJSON: () => ({ ...step, assignment: JSON.parse('{"__proto__":[0,1]}') }) }),
      ),
    ),
    "a machine of assignment is '__proto__'",
  );
  assert.match(tell({ ...step, size: undefined }), 'size is missing');
  const bell = fromCoordinator(encode({ kind: 'leave', epoch: 1, reason: 'a\u001b[2Jb' })).message;
  assert.is((bell as { reason: string }).reason, 'a [2Jb');
});

test('subjects match patterns word by word', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a.b', 'a.b', true],
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['*.b', 'a.c', false],
    ['a', 'a.b', false],
  ];
  for (const [pattern, subject, expected] of cases)
    assert.is(matches(pattern, subject), expected, `${pattern} ${subject}`);
});

test.run();
