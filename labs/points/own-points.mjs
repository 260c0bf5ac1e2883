// Points of one's own, as text: a line of x, y and class for each, with a header or without.
import { LanewiseError } from 'lanewise';

/** More points or classes are not drawn by hand, and take long. */
export const MOST_POINTS = 5000;
export const MOST_CLASSES = 8;
/** Larger numbers lose their places in single precision. */
const LARGEST = 1e9;

const EXPECTED = 'expected three: x, y and class';

function refuse(name, line, message, hint) {
  throw new LanewiseError('data', `${name}, line ${line}: ${message}`, hint);
}

/** The number that a text is, with a decimal comma or point; NaN if it is none. */
const numberOf = (text) => (text === '' ? NaN : Number(text.replace(',', '.')));

const isNumber = (text) => !Number.isNaN(numberOf(text));

/** The values of a line, without spaces and quotes around them; what is quoted may have separators inside. */
const valuesOf = (line, separator) =>
  [
    ...`${separator}${line}`.matchAll(
      new RegExp(`${separator}((?: *"[^"]*")?[^${separator}]*)`, 'g'),
    ),
  ].map(([, value]) => value.trim().replace(/^"(.*)"$/, '$1'));

/** The places of x, y and class: by the header's names, if it has them, otherwise in this order. */
function columnsOf(header) {
  const names = header.map((name) => name.toLowerCase());
  const found = [['x'], ['y'], ['class', 'label']].map((words) =>
    names.findIndex((name) => words.includes(name)),
  );
  return found.includes(-1) ? [0, 1, 2] : found;
}

/**
 * The points of a CSV file's text, separated by commas, semicolons or tabs: `{ samples, labels, classes }`, classes in the
 * order of their names.
 */
export function readPoints(text, name = 'points') {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== '');
  const first = lines[0]?.line ?? '';
  const separator = ['\t', ';'].find((one) => first.includes(one)) ?? ',';
  const header = valuesOf(first, separator);
  const hasHeader = !header.slice(0, 2).some(isNumber);
  const columns = hasHeader ? columnsOf(header) : [0, 1, 2];
  const rows = hasHeader ? lines.slice(1) : lines;
  if (rows.length === 0)
    throw new LanewiseError('data', `${name} has no points, ${EXPECTED} on each line`);
  if (rows.length > MOST_POINTS)
    throw new LanewiseError(
      'data',
      `${name} has ${rows.length} points, expected at most ${MOST_POINTS}`,
      'leave some out, or learn from all of them with lanewise train',
    );
  const points = rows.map(({ line, number }) => {
    const values = valuesOf(line, separator);
    if (values.length !== 3)
      refuse(
        name,
        number,
        `'${line.trim()}' has ${values.length === 1 ? 'one value' : `${values.length} values`}, ${EXPECTED}`,
      );
    const [x, y] = columns.slice(0, 2).map((column, i) => {
      const value = numberOf(values[column]);
      if (Number.isNaN(value))
        refuse(name, number, `${'xy'[i]} is '${values[column]}', expected a number`);
      if (Math.abs(value) > LARGEST)
        refuse(
          name,
          number,
          `${'xy'[i]} is ${values[column]}, expected at most ${LARGEST} in size`,
        );
      return value;
    });
    const label = values[columns[2]];
    if (!/^[^,;"]{1,40}$/.test(label))
      refuse(
        name,
        number,
        `the class is '${label}', expected a name of 1 to 40 characters without comma, semicolon and quote`,
      );
    return { sample: [x, y], label };
  });
  const classes = [...new Set(points.map(({ label }) => label))].toSorted();
  if (classes.length < 2 || classes.length > MOST_CLASSES)
    throw new LanewiseError(
      'data',
      `${name} has ${classes.length === 1 ? `one class, '${classes[0]}'` : `${classes.length} classes`}, expected from 2 to ${MOST_CLASSES}`,
      classes.length > 2 ? 'the third column is the class, a name or a whole number' : undefined,
    );
  return {
    samples: points.map(({ sample }) => sample),
    labels: points.map(({ label }) => classes.indexOf(label)),
    classes,
  };
}

/** The text of points, each `{ x, y, name }`, as `readPoints` reads it. */
export const writePoints = (points) =>
  `x,y,class\n${points.map(({ x, y, name }) => `${x},${y},${name}\n`).join('')}`;

/**
 * Points in two parts, `[to learn from, held out]`, with their places among all: of each class a share is held out, rounded
 * down. Without any that are held out the second part is the first.
 */
export function holdOut({ samples, labels, classes }, held, random) {
  const isHeld = new Set(
    classes.flatMap((_, c) => {
      const own = [...labels.keys()].filter((i) => labels[i] === c);
      return random.shuffled(own).slice(0, Math.floor(held * own.length));
    }),
  );
  const part = (wanted) => {
    const rows = [...labels.keys()].filter((i) => isHeld.has(i) === wanted);
    const [own, theirs] = [rows.map((i) => samples[i]), rows.map((i) => labels[i])];
    return { rows, samples: own, labels: theirs, classes };
  };
  return isHeld.size > 0 ? [part(false), part(true)] : [part(false), part(false)];
}
