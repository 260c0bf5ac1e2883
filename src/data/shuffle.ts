export function shuffledOrder(count: number, seed: number, epoch: number): Uint32Array {
  const o = Uint32Array.from({ length: count }, (_, i) => i);
  let s = seed * 7919 + epoch * 104729 + 1;
  for (let i = count - 1; i > 0; i--) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    const j = s % (i + 1);
    const t = o[i]!;
    o[i] = o[j]!;
    o[j] = t;
  }
  return o;
}
