/** Runs of repeated and of packed values, Parquet's hybrid of both: definition levels, places in a dictionary, booleans. */

/**
 * `count` values of `width` bits each from `bytes`.
 * @throws Error if the bytes end before them.
 */
export function decodeRuns(bytes: Uint8Array, width: number, count: number): Int32Array {
  if (width > 31) throw new Error(`values of ${width} bits, expected at most 31`);
  const values = new Int32Array(count);
  let at = 0;
  const byte = (): number => {
    if (at >= bytes.length)
      throw new Error(`${bytes.length} bytes hold fewer than ${count} values`);
    return bytes[at++]!;
  };
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const digit = byte();
      value += (digit & 0x7f) * 2 ** shift;
      if (digit < 0x80) return value;
    }
    throw new Error('a run is too long');
  };
  for (let done = 0; done < count;) {
    const head = varint();
    const half = Math.floor(head / 2);
    if (head % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value += byte() * 2 ** shift;
      const end = Math.min(count, done + half);
      if (end === done) throw new Error('a run is empty');
      values.fill(value, done, end);
      done = end;
    } else {
      const end = Math.min(count, done + 8 * half);
      if (end === done) throw new Error('a run is empty');
      unpack(bytes, at, width, values.subarray(done, end));
      at += half * width;
      done = end;
    }
  }
  return values;
}

/** Unpacks values of `width` bits, the lowest bits first. */
function unpack(bytes: Uint8Array, first: number, width: number, values: Int32Array): void {
  if (first + Math.ceil((values.length * width) / 8) > bytes.length)
    throw new Error(`${bytes.length} bytes end within a run`);
  let bit = first * 8;
  for (let i = 0; i < values.length; i++) {
    let value = 0;
    for (let have = 0; have < width;) {
      const inByte = bit & 7;
      const take = Math.min(8 - inByte, width - have);
      value |= ((bytes[bit >> 3]! >> inByte) & ((1 << take) - 1)) << have;
      have += take;
      bit += take;
    }
    values[i] = value;
  }
}
