/** Writes the messages that protobuf.ts reads. Equal messages give equal bytes. */
import { joinPieces } from '../formats/safetensors.js';
import { FIELDS, fieldOf, type Fields, type Message } from './fields.js';

const WIRES: Readonly<Record<string, number>> = { int: 0, double: 1, float: 5 };

/** The bytes of a message; large `bytes` fields are copied once, when all is joined. */
export const encodeMessage = <Name extends Message>(
  message: Name,
  fields: Fields<Name>,
): Uint8Array => joinPieces(piecesOf(message, fields));

function piecesOf(message: Message, fields: object): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (const [number, row] of Object.entries(FIELDS[message])) {
    const { name, kind, isList } = fieldOf(row);
    const value = (fields as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    const wire = WIRES[kind];
    const key = Number(number) * 8;
    if (isList && wire !== undefined) {
      // Lists of numbers are packed; an empty one is left out.
      const list = joinPieces((value as number[]).map((one) => numberBytes(kind, one)));
      if (list.length > 0) pieces.push(varintBytes(key + 2), varintBytes(list.length), list);
      continue;
    }
    for (const one of isList ? (value as unknown[]) : [value]) {
      pieces.push(varintBytes(key + (wire ?? 2)));
      if (wire !== undefined) pieces.push(numberBytes(kind, one as number));
      else pieces.push(...withLength(contentsOf(kind, one)));
    }
  }
  return pieces;
}

function contentsOf(kind: string, value: unknown): Uint8Array[] {
  if (kind === 'bytes') return [value as Uint8Array];
  if (kind === 'text') return [new TextEncoder().encode(value as string)];
  return piecesOf(kind as Message, value as object);
}

const withLength = (pieces: readonly Uint8Array[]): Uint8Array[] => [
  varintBytes(pieces.reduce((sum, { length }) => sum + length, 0)),
  ...pieces,
];

function numberBytes(kind: string, value: number): Uint8Array {
  if (kind === 'int') return varintBytes(value);
  const bytes = new Uint8Array(kind === 'float' ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (kind === 'float') view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return bytes;
}

/** Seven bits a byte, the lowest first; negative numbers in two's complement of 64 bits. */
function varintBytes(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
