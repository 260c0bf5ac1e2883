/** Scenes of one whole digit among pieces of others, with the digit's box. */

/** Width and height of a scene, and of the pieces. */
export const SIDE = 56;
const PATCH = 8;

/** Scenes of SIDE×SIDE pixels: each sample at a random place, among squares cut out of others. */
export function scenes({ samples, labels, shape: [, h, w] }, random, pieces) {
  const [n, size] = [labels.length, SIDE * SIDE];
  const values = new Float32Array(n * size);
  const boxes = Array.from(labels, (_, i) => {
    const paste = (from, x, y, [x0, y0, width, height]) => {
      for (let r = 0; r < height; r++)
        for (let c = 0; c < width; c++) {
          const at = i * size + (y + r) * SIDE + x + c;
          values[at] = Math.max(values[at], samples[(from * h + y0 + r) * w + x0 + c] / 255);
        }
    };
    for (let k = 0; k < pieces; k++) {
      const [x, y] = [random.below(SIDE - PATCH), random.below(SIDE - PATCH)];
      paste(random.below(n), x, y, [
        random.below(w - PATCH),
        random.below(h - PATCH),
        PATCH,
        PATCH,
      ]);
    }
    const [x, y] = [random.below(SIDE - w + 1), random.below(SIDE - h + 1)];
    paste(i, x, y, [0, 0, w, h]);
    return { x0: x, y0: y, x1: x + w, y1: y + h };
  });
  return { values, labels, boxes };
}

/** The share of a map within the box, and whether its highest point is there. */
export function inside(map, { x0, y0, x1, y1 }) {
  const isIn = (e) =>
    e % SIDE >= x0 && e % SIDE < x1 && Math.floor(e / SIDE) >= y0 && Math.floor(e / SIDE) < y1;
  let [own, all, top] = [0, 0, 0];
  map.forEach((value, e) => {
    all += value;
    if (isIn(e)) own += value;
    if (value > map[top]) top = e;
  });
  return { share: all > 0 ? own / all : 0, hit: Number(isIn(top)) };
}
