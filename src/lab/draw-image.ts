/** Drawn pictures in colour, for labs that take a user's and have none. */
import { checkOptions, oneOf, required, wholeFrom } from '../base/check.js';
import { fromPixels, type PixelSamples } from '../data/from-pixels.js';

type Colour = readonly [red: number, green: number, blue: number];

const BANDS: readonly Colour[] = [
  [25, 40, 115],
  [242, 204, 77],
  [51, 128, 191],
];

/** The colour at (x, y), both from 0 to 1, y downwards. */
const drawings: Readonly<Record<string, (x: number, y: number) => Colour>> = {
  house(x, y) {
    const fromMiddle = Math.abs(x - 0.4);
    if (y > 0.78) return [89, 153, 64];
    if (fromMiddle < 0.05 && y > 0.6) return [89, 51, 38];
    if (fromMiddle < 0.2 && y > 0.45) return [230, 217, 179];
    if (fromMiddle < y - 0.2 && y < 0.45) return [191, 51, 38];
    const [dx, dy] = [x - 0.8, y - 0.2];
    return dx * dx + dy * dy < 0.012 ? [255, 230, 77] : [153, 204, 242];
  },
  waves: (x, y) => BANDS[Math.floor(12 * y + 1.5 * Math.abs(((4 * x) % 2) - 1)) % 3]!,
};

/**
 * A picture of size×size pixels, in colour or grey, as `readImage` gives those of files: `house`, a house in a meadow, or `waves`,
 * bands of three colours. Every engine draws the same bytes.
 * @throws LanewiseError kind 'argument' for another name, a size that is not from 1 to 8192 and other channels than 1 or 3.
 */
export function drawImage(
  name: 'house' | 'waves',
  options: { readonly size: number; readonly channels?: 1 | 3 },
): PixelSamples {
  oneOf(Object.keys(drawings))('drawImage', 'name', name);
  const { size, channels = 3 } = checkOptions('drawImage', options, {
    size: required(wholeFrom(1, 8192)),
    channels: oneOf([1, 3]),
  });
  const data = new Uint8Array(4 * size * size).fill(255);
  for (let at = 0; at < size * size; at++)
    data.set(drawings[name]!((at % size) / size, Math.floor(at / size) / size), 4 * at);
  return fromPixels({ width: size, height: size, data }, { channels });
}
