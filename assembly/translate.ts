/** Functions of a byte by table. */

/** A copy of the table within 7 bits, at an address that the code knows. */
const ENTRIES = memory.data(256, 16);

/** Takes a table of 256 entries, or twice one of 128: whatever is in it, its results have 7 bits. */
export function takeTable(table: usize, size: usize): void {
  const mask = i8x16.splat(127);
  for (let i: usize = 0; i < 256; i += 16) {
    v128.store(ENTRIES + i, v128.and(v128.load(table + (i & (size - 1))), mask));
  }
}

/** y = entry of x, of the table taken last; x may be y. */
export function translate(count: i32, x: usize, y: usize): void {
  const end = x + count;
  const whole = x + (count & ~7);
  for (; x < whole; x += 8) {
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x)));
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 1)), 1);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 2)), 2);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 3)), 3);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 4)), 4);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 5)), 5);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 6)), 6);
    store<u8>(y, load<u8>(ENTRIES + <usize>load<u8>(x, 7)), 7);
    y += 8;
  }
  for (; x < end; x++) store<u8>(y++, load<u8>(ENTRIES + <usize>load<u8>(x)));
}

/** y = table[x], of 128 entries. */
export function tableInt8(count: i32, x: usize, table: usize, y: usize): void {
  takeTable(table, 128);
  translate(count, x, y);
}
