/**
 * The conversion of a drawing to an image as MNIST's digits were made: its longer side fills 20 pixels, and its centre of
 * mass is the centre of 28×28 (LeCun et al. 1998, §III.A). Lines get the same width at every size of the drawing.
 */
export const SIDE = 28;
const BOX = 20;
/** Half of a line's width in pixels, about that of MNIST. */
const RADIUS = 1.15;
/** A drawing smaller than this share of the sheet is a dot, and is not enlarged. */
const LEAST = 0.15;

/** A stroke: x and y in turns, from 0 to 1 over the sheet. */
export type Stroke = readonly number[];

/** 28×28 bytes, ink 255 on 0; undefined if nothing is drawn. */
export function inkOf(strokes: readonly Stroke[]): Uint8Array<ArrayBuffer> | undefined {
  if (strokes.every((stroke) => stroke.length === 0)) return undefined;
  const fitted = fitToBox(strokes);
  const image = new Float32Array(SIDE * SIDE);
  for (const stroke of fitted) {
    for (let i = 0; i < stroke.length; i += 2) {
      const before = Math.max(0, i - 2);
      drawSegment(image, stroke[before]!, stroke[before + 1]!, stroke[i]!, stroke[i + 1]!);
    }
  }
  return centreByMass(Uint8Array.from(image, (ink) => Math.round(255 * ink)));
}

/** Strokes in pixels, with their box in the middle of the image. */
function fitToBox(strokes: readonly Stroke[]): number[][] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      left = Math.min(left, stroke[i]!);
      right = Math.max(right, stroke[i]!);
      top = Math.min(top, stroke[i + 1]!);
      bottom = Math.max(bottom, stroke[i + 1]!);
    }
  }
  const scale = (BOX - 2 * RADIUS) / Math.max(right - left, bottom - top, LEAST);
  const dx = SIDE / 2 - (scale * (left + right)) / 2;
  const dy = SIDE / 2 - (scale * (top + bottom)) / 2;
  return strokes.map((stroke) => stroke.map((value, i) => value * scale + (i % 2 ? dy : dx)));
}

/** Ink where a pixel's middle is near the line, with soft edges. */
function drawSegment(image: Float32Array, ax: number, ay: number, bx: number, by: number): void {
  const reach = RADIUS + 1;
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const within = (value: number) => Math.min(SIDE - 1, Math.max(0, Math.floor(value)));
  for (let y = within(Math.min(ay, by) - reach); y <= within(Math.max(ay, by) + reach); y++) {
    for (let x = within(Math.min(ax, bx) - reach); x <= within(Math.max(ax, bx) + reach); x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const [ox, oy] = [px - along * dx, py - along * dy];
      const ink = Math.min(1, Math.max(0, RADIUS + 0.5 - Math.sqrt(ox * ox + oy * oy)));
      const at = y * SIDE + x;
      if (ink > image[at]!) image[at] = ink;
    }
  }
}

/** Moves the image by whole pixels so that its centre of mass is the image's centre. */
function centreByMass(image: Uint8Array): Uint8Array<ArrayBuffer> {
  let [mass, sumX, sumY] = [0, 0, 0];
  image.forEach((value, i) => {
    mass += value;
    sumX += value * (i % SIDE);
    sumY += value * Math.floor(i / SIDE);
  });
  const shiftX = Math.round((SIDE - 1) / 2 - sumX / mass);
  const shiftY = Math.round((SIDE - 1) / 2 - sumY / mass);
  const moved = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [fromX, fromY] = [x - shiftX, y - shiftY];
      if (fromX < 0 || fromY < 0 || fromX >= SIDE || fromY >= SIDE) continue;
      moved[y * SIDE + x] = image[fromY * SIDE + fromX]!;
    }
  }
  return moved;
}
