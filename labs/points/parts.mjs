// Points to learn from and to test with: of a pattern, or of one's own, of which some are held out.
import { LanewiseError, arrays, standardize } from 'lanewise';
import { randomNumbers } from 'lanewise/lab';
import { holdOut, readPoints } from './own-points.mjs';
import { drawPoints, patterns } from './patterns.mjs';

/** Points of a pattern to learn from, and as many for the test. */
const COUNT = 300;
/** How far the picture reaches from its middle, of what the points do. */
const REACH = 1.1;

/** The middle of the picture and half its extent along each axis. */
const frameOf = (samples) =>
  [0, 1].map((axis) => {
    const values = samples.map((sample) => sample[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { middle: (low + high) / 2, half: ((high - low) / 2) * REACH || 1 };
  });

/** The parts of a CSV file's text: `{ train, test, input, frame, evidence }`. The net standardises them. */
export function ownParts(text, name, { held, seed }) {
  const all = readPoints(text, name);
  const [train, test] = holdOut(all, held, randomNumbers(seed));
  const { input } = standardize(arrays({ samples: train.samples, labels: train.labels }));
  const given = [Float32Array.from(all.samples.flat()), Int32Array.from(all.labels)];
  const evidence = [...given, all.classes.join()];
  return { train, test, input, frame: frameOf(all.samples), evidence };
}

/** The parts that the settings ask for. */
export async function partsOf(settings) {
  const { points, noise, seed } = settings;
  if (Object.hasOwn(patterns, points)) {
    const random = randomNumbers(seed);
    const [train, test] = [0, 1].map(() => drawPoints({ points, noise }, COUNT, random));
    const frame = [0, 1].map(() => ({ middle: 0, half: REACH }));
    return { train, test, input: { input: [2] }, frame, evidence: [] };
  }
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(points, 'utf8').catch(({ code }) => {
    const expected = `${Object.keys(patterns).join(', ')}, or a CSV file of x, y and class`;
    throw new LanewiseError(
      'data',
      `points is '${points}', which cannot be read (${code}), expected ${expected}`,
    );
  });
  return ownParts(text, points, settings);
}
