/**
 * The embedded data set of drawn digits, in MNIST's conventions. Images are 28×28, white ink on black, the digit in a
 * 20×20 box, centred by mass. Strokes are drawn with random slant, turn, width, scale, position, wobble, pen and pressure. Sample
 * i is a function of (seed, i): any number of them, in any order.
 */
import { checkOptions, extent, natural, required } from '../../base/check.js';
import { purpose } from '../../random/purposes.js';
import { randomStream, type RandomStream } from '../../random/philox.js';
import { LanewiseError } from '../../base/errors.js';
import type { Dataset } from '../dataset.js';
import { checkDataset } from '../forms.js';
import { drawLine, SIZE, smooth } from './draw-digit.js';
import { templates, type Template } from './templates.js';

/** The choice of generated digits. */
export interface DigitsOptions {
  readonly count: number;
  /** Default 1. */
  readonly seed?: number;
  /** Index of the first sample; default 0. Disjoint ranges are disjoint samples. */
  readonly first?: number;
}

const CLASSES = [...'0123456789'];
/** Side of the box the digit's lines fill, in pixels; MNIST's is 20 with the ink's width. */
const BOX = 20;

/** @throws LanewiseError kind 'argument' for a count below 1, or an index that is not a whole number below 2³². */
export function digits(options: DigitsOptions): Dataset {
  const {
    count,
    seed = 1,
    first = 0,
  } = checkOptions('digits', options, {
    count: required(extent),
    seed: natural,
    first: natural,
  });
  // The index is one word of the counter: past it, samples would repeat.
  if (first + count > 2 ** 32) {
    throw new LanewiseError(
      'argument',
      `digits: the last sample would be ${first + count - 1}, expected an index below 2³²`,
    );
  }
  const samples = new Uint8Array(count * SIZE * SIZE);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const random = randomStream(seed, purpose.digits, first + i);
    labels[i] = random.integer(10);
    samples.set(drawDigit(labels[i]!, random), i * SIZE * SIZE);
  }
  return checkDataset({
    name: `digits ${first}–${first + count - 1}`,
    shape: [1, SIZE, SIZE],
    classes: CLASSES,
    samples,
    labels,
  });
}

/** About normal, standard deviation 1: the sum of four uniforms, without a logarithm. */
const spread = (random: RandomStream): number => {
  const sum = random.uniform() + random.uniform() + random.uniform() + random.uniform();
  return (sum - 2) * Math.sqrt(3);
};

/** One digit's 28×28 bytes. */
function drawDigit(digit: number, random: RandomStream): Uint8Array {
  const ways = templates[digit]!;
  const lines = fitToBox(distort(ways[random.integer(ways.length)]!, random), random);
  const penRadius = random.between(0.7, 1.8);
  const softness = random.between(0.8, 1.5);
  const ink = new Float64Array(SIZE * SIZE);
  for (const line of lines) {
    // Pressure changes from one end of a stroke to the other.
    const [start, end] = [random.between(0.85, 1.15), random.between(0.8, 1.1)];
    const points = line.length / 2;
    const withRadius: number[] = [];
    for (let i = 0; i < points; i++) {
      const pressure = start + ((end - start) * i) / Math.max(1, points - 1);
      withRadius.push(line[2 * i]!, line[2 * i + 1]!, penRadius * pressure);
    }
    drawLine(withRadius, softness, ink);
  }
  const full = random.between(235, 256);
  const image = new Uint8Array(ink.length);
  for (let i = 0; i < ink.length; i++) image[i] = Math.floor(ink[i]! * full);
  return centreByMass(image);
}

/** The template's curves after wobble, slant, turn and a change of proportions. */
function distort(template: Template, random: RandomStream): number[][] {
  const wobble = random.between(0.02, 0.075);
  const slant = 0.12 + 0.24 * spread(random);
  const turn = 0.1 * spread(random);
  const width = random.between(0.6, 1.35);
  // Some write large heads, some large bellies: heights are bent by k·h·(1 − h).
  const bend = 0.25 * spread(random);
  // Points that strokes share move together, so corners stay closed most of the time.
  const moved = new Map<string, readonly [number, number]>();
  return template.map((stroke) => {
    const points = stroke.map(([x, y]) => {
      const key = `${x} ${y}`;
      const known = moved.get(key);
      const point = known ?? ([x + wobble * spread(random), y + wobble * spread(random)] as const);
      moved.set(key, point);
      const height = point[1] + bend * point[1] * (1 - point[1]);
      const [px, py] = [(point[0] - 0.5) * width, height - 0.5];
      // Slant shears along x; the turn is the rotation's first-order part, two shears.
      const sheared = px - slant * py;
      const turned = sheared - turn * py;
      return [turned, py + turn * turned] as const;
    });
    return smooth(points);
  });
}

/** Scales the curves so that the longer side of their box is about 20 pixels, and centres the box. */
function fitToBox(lines: readonly number[][], random: RandomStream): number[][] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const line of lines) {
    for (let i = 0; i < line.length; i += 2) {
      left = Math.min(left, line[i]!);
      right = Math.max(right, line[i]!);
      top = Math.min(top, line[i + 1]!);
      bottom = Math.max(bottom, line[i + 1]!);
    }
  }
  const side = BOX - random.between(1.5, 3.5);
  const scale = side / Math.max(right - left, bottom - top);
  const [dx, dy] = [
    (SIZE - 1) / 2 - (scale * (left + right)) / 2,
    (SIZE - 1) / 2 - (scale * (top + bottom)) / 2,
  ];
  return lines.map((line) => line.map((value, i) => value * scale + (i % 2 ? dy : dx)));
}

/** Moves the image by whole pixels so that its centre of mass is the image's centre, as in MNIST. */
function centreByMass(image: Uint8Array): Uint8Array {
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const value = image[y * SIZE + x]!;
      mass += value;
      sumX += value * x;
      sumY += value * y;
    }
  }
  const shiftX = Math.round((SIZE - 1) / 2 - sumX / mass);
  const shiftY = Math.round((SIZE - 1) / 2 - sumY / mass);
  const moved = new Uint8Array(SIZE * SIZE);
  const [left, right] = [Math.max(0, shiftX), Math.min(SIZE, SIZE + shiftX)];
  for (let y = Math.max(0, shiftY); y < Math.min(SIZE, SIZE + shiftY); y++) {
    const from = (y - shiftY) * SIZE - shiftX;
    moved.set(image.subarray(from + left, from + right), y * SIZE + left);
  }
  return moved;
}
