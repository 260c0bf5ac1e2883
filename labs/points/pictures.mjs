// The pictures of what a net has learned of points.
import { heatmap, lines } from 'lanewise/lab';

/** Places in each direction of which the net is asked. */
const GRID = 61;

const placeOf = ({ middle, half }, i) => middle + ((2 * i) / (GRID - 1) - 1) * half;

/** x and y of all places of the picture, row by row. */
export const placesOf = (frame) =>
  Float32Array.from({ length: 2 * GRID ** 2 }, (_, i) =>
    placeOf(frame[i % 2], i % 2 ? Math.floor(i / 2 / GRID) : (i / 2) % GRID),
  );

/** The points of each class. */
const dotsOf = ({ samples, labels, classes }) =>
  classes.map((name, c) => {
    const own = samples.filter((_, i) => labels[i] === c);
    return { name, x: own.map(([x]) => x), y: own.map(([, y]) => y) };
  });

/** The plane as the net sees it: how sure it is of the second of two classes, or which of more it says. */
export function plane({ train, frame }, { scores, classes: verdicts }) {
  const isTwo = train.classes.length === 2;
  const axis = (i) => ({
    name: 'xy'[i],
    from: placeOf(frame[i], 0),
    to: placeOf(frame[i], GRID - 1),
  });
  return heatmap({
    title: 'Which place belongs to which class',
    caption: 'What the net says of every place, and the points that it has seen.',
    x: axis(0),
    y: axis(1),
    rows: GRID,
    columns: GRID,
    values: isTwo ? scores.filter((_, i) => i % 2).map((share) => 2 * share - 1) : verdicts,
    scale: { name: isTwo ? 'verdict' : 'class', diverging: isTwo },
    points: dotsOf(train),
  });
}

/** The losses of the net, on the points and on new ones, and of the straight line. */
export const losses = (bent, line, name) =>
  lines({
    title: 'Loss while learning',
    x: { name: 'step' },
    y: { name: 'loss', log: true },
    series: [
      { name, x: bent.loss.map((_, i) => i + 1), y: bent.loss },
      { name: 'the same on new points', x: bent.marks, y: bent.newLoss, dashed: true },
      { name: 'straight line', x: line.loss.map((_, i) => i + 1), y: line.loss },
    ],
  });
