// Paints the plane: what the net says of every place in the classes' colours, and the points on it.
import { toSheet } from './geometry.mjs';

/** A class is told by its colour and by its mark; the colours are those of style.css. */
export const MOST_CLASSES = 8;
const CORNERS = [0, 4, 3, 4, 3, 5, 6, 3];
const TURNS = [0, 45, 30, 0, 90, 54, 0, 150];
/** Half the size of a point, in pixels of the canvas. */
const SIZE = 11;

const channelsOf = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** The classes' colours and the sheet's, as they are now. */
export function coloursOf() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    classes: Array.from({ length: MOST_CLASSES }, (_, c) => named(`class-${c}`)),
    sheet: named('sheet'),
    ink: named('ink'),
    soft: named('soft'),
    accent: named('accent'),
    unseen: named('unseen'),
    line: named('line'),
  };
}

/** The outline of a class's mark around a place. */
export function traceMark(context, place, x, y, size = SIZE) {
  context.beginPath();
  const corners = CORNERS[place];
  if (corners === 0) context.arc(x, y, size, 0, 2 * Math.PI);
  else {
    const reach = size * (corners === 3 ? 1.3 : 1.15);
    for (let i = 0; i < corners; i++) {
      const angle = ((TURNS[place] + (360 / corners) * i) * Math.PI) / 180;
      context.lineTo(x + reach * Math.cos(angle), y + reach * Math.sin(angle));
    }
  }
  context.closePath();
}

/** How much of a class's colour is on the sheet where the net is sure of it. */
const STRENGTH = 0.5;

/** A picture of scores, `side`² times one for each class: their colours mixed, the paler the less sure. */
export function pictureOf(scores, places, side, colours) {
  const picture = new ImageData(side, side);
  const sheet = channelsOf(colours.sheet);
  const inks = places.map((place) => channelsOf(colours.classes[place]));
  const count = places.length;
  for (let p = 0; p < side * side; p++) {
    const own = scores.subarray(p * count, (p + 1) * count);
    const best = Math.max(...own);
    // From no colour where all classes are as likely to the whole of it.
    const sure = STRENGTH * (0.35 + (0.65 * (best - 1 / count)) / (1 - 1 / count));
    for (let k = 0; k < 3; k++) {
      let mixed = 0;
      for (let c = 0; c < count; c++) mixed += own[c] * inks[c][k];
      picture.data[4 * p + k] = sheet[k] + sure * (mixed - sheet[k]);
    }
    picture.data[4 * p + 3] = 255;
  }
  return picture;
}

function paintPoint(context, place, x, y, isHeld, colours) {
  traceMark(context, place, x, y);
  context.lineWidth = isHeld ? 5 : 3;
  context.fillStyle = isHeld ? colours.sheet : colours.classes[place];
  context.strokeStyle = isHeld ? colours.classes[place] : colours.sheet;
  if (!isHeld) context.stroke();
  context.fill();
  if (isHeld) context.stroke();
}

/** Paints all that is on the sheet. `placeOf` gives the place of a class among the colours. */
export function paint(context, { points, held, view, seen, cursor, placeOf }) {
  const { width, height } = context.canvas;
  const colours = coloursOf();
  context.fillStyle = colours.sheet;
  context.fillRect(0, 0, width, height);
  if (seen) {
    const small = new OffscreenCanvas(seen.side, seen.side);
    const picture = pictureOf(seen.scores, seen.classes.map(placeOf), seen.side, colours);
    small.getContext('2d').putImageData(picture, 0, 0);
    context.imageSmoothingQuality = 'high';
    context.drawImage(small, 0, 0, width, height);
  }
  points.forEach((point, i) => {
    const { x, y } = toSheet(view, point);
    paintPoint(context, placeOf(point.name), x * width, y * height, held.has(i), colours);
  });
  if (!cursor) return;
  context.strokeStyle = colours.ink;
  context.lineWidth = 3;
  context.beginPath();
  const [x, y] = [cursor.x * width, cursor.y * height];
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + 6 * dx, y + 6 * dy);
    context.lineTo(x + 26 * dx, y + 26 * dy);
  }
  context.stroke();
}
