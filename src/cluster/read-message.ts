/** Messages as they are read: every field of a header is checked, and what is not known is left out. */
import {
  extent,
  isObject,
  matching,
  natural,
  oneOf,
  quote,
  refuse,
  wholeFrom,
  type Check,
} from '../base/check.js';
import { amount, fields, listed, readAs, string } from '../base/check-json.js';
import { LanewiseError } from '../base/errors.js';
import { decode } from './encode.js';
import { AHEAD, type FromCoordinator, type FromWorker, type Piece } from './cluster-messages.js';
import { WORD } from './subjects.js';

/** A message whose header has been checked, and its bytes, a view of the body. */
export interface Read<Message> {
  readonly message: Message;
  readonly bytes: Uint8Array;
}

/**
 * What a coordinator says.
 * @throws LanewiseError kind 'data' naming the field, for a message that is none of a coordinator's.
 */
export const fromCoordinator = (body: Uint8Array): Read<FromCoordinator> =>
  readMessage(body, 'the coordinator', coordinatorFields, body.length);

/**
 * What a worker says; `sender` names it in errors.
 * @throws LanewiseError kind 'data' naming the field, for a message that is none of a worker's.
 */
export const fromWorker = (body: Uint8Array, sender: string): Read<FromWorker> =>
  readMessage(body, sender, workerFields, WORKER_HEADER);

/**
 * Bytes of a worker's largest header, which no list is in: parsing what a worker may send costs the coordinator less than
 * receiving it.
 */
const WORKER_HEADER = 2 ** 14;

type Fields = Readonly<Record<string, Check>>;

function readMessage<Message>(
  body: Uint8Array,
  sender: string,
  kinds: Readonly<Record<string, Fields>>,
  most: number,
): Read<Message> {
  const { header, bytes } = decode(body, sender, most);
  const owner = `a message of ${sender}`;
  const kind = isObject(header) ? header['kind'] : undefined;
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind))
    throw new LanewiseError(
      'data',
      `${owner} is of kind ${quote(kind)}, expected one of ${Object.keys(kinds).join(', ')}`,
    );
  const check = fields({ kind: string, ...kinds[kind]! });
  const message = readAs<Message>('data', owner, '', header, check);
  if ('piece' in kinds[kind]! && 'pieces' in kinds[kind]!) checkPiece(owner, message as Piece);
  // The first piece of a step says what step it is.
  const isHead = kind === 'step' && (message as Piece).piece === 0;
  if (isHead) readAs('data', owner, '', header, fields(stepHead, true));
  return { message, bytes };
}

function checkPiece(owner: string, { piece, pieces, bytes }: Piece): void {
  if (piece < pieces && pieces <= Math.max(1, bytes)) return;
  throw new LanewiseError(
    'data',
    `${owner}: it is piece ${piece} of ${pieces} of ${bytes} bytes, expected a piece below their number, and no empty ones`,
  );
}

const U32 = 2 ** 32 - 1;
/** Most shards of a minibatch, and most machines. */
const MANY = 2 ** 20;

const u32 = wholeFrom(0, U32);
const count = wholeFrom(1, MANY);

/** A text for people, without what would act on a terminal, of at most 1,000 characters. */
const said: Check = (owner, name, value) => {
  string(owner, name, value);
  return (value as string).slice(0, 1000).replace(/[\p{Cc}\p{Cf}]/gu, ' ');
};

const word = matching(WORD, 'a word of at most 64 letters, digits, - and _');
const hash = matching(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits');
/** `user.id`, or a word. */
const machine = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64})?$/;

/** [first, end) of shards; `least` of them. */
const rangeOf =
  (least: number): Check =>
  (owner, name, value) => {
    const [first, end] = Array.isArray(value) && value.length === 2 ? value : [NaN, NaN];
    const isRange = Number.isInteger(first) && Number.isInteger(end) && first >= 0 && end <= MANY;
    if (!isRange || end - first < least)
      refuse(owner, name, value, `a first shard and an end, ${least} or more apart`);
  };

const pairOfWords: Check = (owner, name, value) => {
  if (!Array.isArray(value) || value.length !== 2)
    refuse(owner, name, value, 'two whole numbers below 2³²');
  (value as readonly unknown[]).forEach((one, i) => u32(owner, `${name}[${i}]`, one));
};

const assignment: Check = (owner, name, value) => {
  if (!isObject(value) || Object.keys(value).length > MANY)
    return refuse(owner, name, value, 'shards by machine');
  const range = rangeOf(0);
  for (const [key, shards] of Object.entries(value)) {
    if (!machine.test(key) || key === '__proto__')
      refuse(owner, `a machine of ${name}`, key, "a machine's name");
    range(owner, `${name}.${key}`, shards);
  }
};

const blob: Fields = { sha256: hash, bytes: natural };
const content = fields({ ...blob, region: said, offset: natural });

const build: Fields = {
  protocol: extent,
  version: said,
  wasm: hash,
  numerics: oneOf(['strict', 'fused']),
};
const refusal: Fields = { epoch: natural, reason: said, 'hint?': said };
const piece: Fields = { serial: natural, piece: natural, pieces: count, bytes: natural };
const leave: Fields = { epoch: natural, reason: said };

const stepHead: Fields = {
  step: natural,
  key: pairOfWords,
  size: count,
  assignment,
  room: wholeFrom(1, AHEAD),
};

/** Fields of a step's piece that only the first has. */
const step: Fields = Object.fromEntries(
  Object.entries(stepHead).map(([name, check]) => [`${name}?`, check]),
);

const coordinatorFields: Readonly<Record<string, Fields>> = {
  call: { ...build, run: word, epoch: natural },
  refused: refusal,
  welcome: {
    epoch: natural,
    plan: fields(blob),
    contents: listed(content, 10_000),
  },
  step: { ...piece, epoch: natural, ...step },
  redo: { epoch: natural, serial: natural, range: rangeOf(1) },
  credit: { epoch: natural, pieces: count },
  leave,
};

const workerFields: Readonly<Record<string, Fields>> = {
  hello: { ...build, threads: wholeFrom(1, 4096), engine: said },
  refused: refusal,
  ready: { epoch: natural, plan: hash },
  beat: { epoch: natural },
  part: { ...piece, epoch: natural, node: rangeOf(1), ms: amount, shards: count },
  received: { epoch: natural, serial: natural, piece: natural },
  leave,
};
