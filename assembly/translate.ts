/** Functions of a byte by table: 16 entries at a time, as a swizzle looks up 16 bytes at once. */
import { storeBytes } from './requantise';

/** Entries of places: the swizzle gives 0 for those that are not among its 16. */
@inline
function looked(entries: v128, places: v128, found: v128): v128 {
  return v128.or(found, i8x16.swizzle(entries, places));
}

/** The entries of 16 places. */
function translated(places: v128, table: usize, size: usize): v128 {
  const sixteen = i8x16.splat(16);
  const mask = i8x16.splat(127);
  let found = i8x16.splat(0);
  const end = table + size;
  for (; table < end; table += 16) {
    found = looked(v128.and(v128.load(table), mask), places, found);
    places = i8x16.sub(places, sixteen);
  }
  return found;
}

/** y = table[x + first] of `count` bytes, within 7 bits; the table has `size` entries, and x may be y. */
export function translate(
  x: usize,
  count: i32,
  first: i32,
  table: usize,
  size: usize,
  y: usize,
): void {
  const before = i8x16.splat(<i8>first);
  const sixteen = i8x16.splat(16);
  const mask = i8x16.splat(127);
  const end = table + size;
  for (; count >= 64; count -= 64) {
    let a = i8x16.add(v128.load(x), before);
    let b = i8x16.add(v128.load(x, 16), before);
    let c = i8x16.add(v128.load(x, 32), before);
    let d = i8x16.add(v128.load(x, 48), before);
    let e = i8x16.splat(0);
    let f = e;
    let g = e;
    let h = e;
    for (let at = table; at < end; at += 16) {
      const entries = v128.and(v128.load(at), mask);
      e = looked(entries, a, e);
      f = looked(entries, b, f);
      g = looked(entries, c, g);
      h = looked(entries, d, h);
      a = i8x16.sub(a, sixteen);
      b = i8x16.sub(b, sixteen);
      c = i8x16.sub(c, sixteen);
      d = i8x16.sub(d, sixteen);
    }
    v128.store(y, e);
    v128.store(y, f, 16);
    v128.store(y, g, 32);
    v128.store(y, h, 48);
    x += 64;
    y += 64;
  }
  for (; count > 0; count -= 16) {
    storeBytes(y, translated(i8x16.add(v128.load(x), before), table, size), min(count, 16));
    x += 16;
    y += 16;
  }
}

/** y = table[x], of 128 entries. */
export function tableInt8(count: i32, x: usize, table: usize, y: usize): void {
  translate(x, count, 0, table, 128, y);
}
