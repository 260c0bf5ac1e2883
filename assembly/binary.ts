/**
 * Functions of two operands, element by element, with broadcasting. The operands are viewed through up to four axes
 * (src/ops/strided.ts merges axes where possible); along the last one an operand either advances with the result or is
 * constant.
 */
import { eachLane } from './functions';
import { LANES, floats, loadTail, storeTail } from './simd';

// Codes shared with src/ops/binary.ts.
const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;
const MAXIMUM: i32 = 4;
const MINIMUM: i32 = 5;
const EXCEEDS: i32 = 6;
const EQUAL: i32 = 7;
const NOT_EQUAL: i32 = 8;
const GREATER: i32 = 9;
const GREATER_OR_EQUAL: i32 = 10;
const LESS: i32 = 11;
const LESS_OR_EQUAL: i32 = 12;
const KEEP: i32 = 13;
const DROP: i32 = 14;
const EITHER: i32 = 15;

/** ½, which a tie gives to both sides, and 1. */
const HALF: usize = memory.data<f32>([0.5, 1.0]);

@inline
function value(code: i32, a: v128, b: v128): v128 {
  if (code == ADD) return f32x4.add(a, b);
  if (code == SUBTRACT) return f32x4.sub(a, b);
  if (code == MULTIPLY) return f32x4.mul(a, b);
  if (code == DIVIDE) return f32x4.div(a, b);
  if (code == MAXIMUM) return f32x4.max(a, b);
  if (code == MINIMUM) return f32x4.min(a, b);
  if (code == EXCEEDS) {
    // 1 where a > b, ½ where they are equal, else 0.
    const half = v128.load_splat<f32>(HALF);
    return f32x4.add(v128.and(half, f32x4.gt(a, b)), v128.and(half, f32x4.ge(a, b)));
  }
  return choice(code, a, b);
}

/** 1 where a comparison holds, else 0; and the parts of a choice: a where b is not 0 or where it is, else 0. */
function choice(code: i32, a: v128, b: v128): v128 {
  if (code == KEEP) return v128.and(a, f32x4.ne(b, f32x4.splat(0)));
  if (code == DROP) return v128.and(a, f32x4.eq(b, f32x4.splat(0)));
  const one = v128.load_splat<f32>(HALF, 4);
  if (code == EQUAL) return v128.and(one, f32x4.eq(a, b));
  if (code == NOT_EQUAL) return v128.and(one, f32x4.ne(a, b));
  if (code == GREATER) return v128.and(one, f32x4.gt(a, b));
  if (code == GREATER_OR_EQUAL) return v128.and(one, f32x4.ge(a, b));
  if (code == LESS) return v128.and(one, f32x4.lt(a, b));
  if (code == LESS_OR_EQUAL) return v128.and(one, f32x4.le(a, b));
  // Both parts of a choice, of which one is 0.
  if (code == EITHER) return v128.or(a, b);
  return eachLane(code, a, b);
}

/** An operand of a row: its own elements, or the first one in all lanes. */
@inline
function operand(moves: bool, p: usize, at: usize): v128 {
  return moves ? v128.load(p + at) : v128.load_splat<f32>(p);
}

@inline
function operandTail(moves: bool, p: usize, at: usize, rest: i32): v128 {
  return moves ? loadTail(p + at, rest) : v128.load_splat<f32>(p);
}

@inline
function rowWith(
  code: i32,
  aMoves: bool,
  bMoves: bool,
  count: i32,
  a: usize,
  b: usize,
  y: usize,
): void {
  let i = 0;
  for (; i <= count - LANES; i += LANES) {
    const at = floats(i);
    v128.store(y + at, value(code, operand(aMoves, a, at), operand(bMoves, b, at)));
  }
  const rest = count - i;
  if (rest) {
    const at = floats(i);
    const v = value(code, operandTail(aMoves, a, at, rest), operandTail(bMoves, b, at, rest));
    storeTail(y + at, v, rest);
  }
}

@inline
function row(
  code: i32,
  aStride: i32,
  bStride: i32,
  count: i32,
  a: usize,
  b: usize,
  y: usize,
): void {
  if (!aStride) rowWith(code, false, true, count, a, b, y);
  else if (!bStride) rowWith(code, true, false, count, a, b, y);
  else rowWith(code, true, true, count, a, b, y);
}

@inline
function rowsWith(
  code: i32,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
  a: usize,
  b: usize,
  y: usize,
): void {
  for (let i = 0; i < n0; i++) {
    for (let j = 0; j < n1; j++) {
      let aRow = a + floats(i * a0 + j * a1);
      let bRow = b + floats(i * b0 + j * b1);
      for (let k = 0; k < n2; k++) {
        row(code, a3, b3, n3, aRow, bRow, y);
        aRow += floats(a2);
        bRow += floats(b2);
        y += floats(n3);
      }
    }
  }
}

/**
 * y[i, j, k, l] = f(a[i·a0 + j·a1 + k·a2 + l·a3], b[i·b0 + …]), f selected by `code`; y: n0×n1×n2×n3. The last
 * strides are 1 or 0, not both 0. y may be a or b if that one has y's shape.
 */
export function binary(
  code: i32,
  n0: i32,
  n1: i32,
  n2: i32,
  n3: i32,
  a0: i32,
  a1: i32,
  a2: i32,
  a3: i32,
  b0: i32,
  b1: i32,
  b2: i32,
  b3: i32,
  a: usize,
  b: usize,
  y: usize,
): void {
  if (code == ADD) rowsWith(ADD, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3, a, b, y);
  else if (code == SUBTRACT)
    rowsWith(SUBTRACT, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3, a, b, y);
  else if (code == MULTIPLY)
    rowsWith(MULTIPLY, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3, a, b, y);
  else if (code == DIVIDE)
    rowsWith(DIVIDE, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3, a, b, y);
  // Too rare for loops of their own: these test their code for every vector.
  else rowsWith(code, n0, n1, n2, n3, a0, a1, a2, a3, b0, b1, b2, b3, a, b, y);
}
