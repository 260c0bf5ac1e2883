/** Colour jitter as in torchvision: brightness, contrast, saturation and hue by random factors, in random order. */
import { checkOptions } from '../../base/check.js';
import { permutation } from '../shuffle.js';
import { around, spread } from './check-transforms.js';
import { GRAY, checkColours, uniformly, type ChannelMatrix } from './color.js';
import { make } from './make.js';
import type { Kind, Transform } from './transform.js';

/** Ranges that each image's colour changes are drawn from. */
export interface ColorJitterOptions {
  /** Range of the factor, or a for [1 − a, 1 + a], at least 0. Default none. */
  readonly brightness?: number | readonly [number, number];
  readonly contrast?: number | readonly [number, number];
  readonly saturation?: number | readonly [number, number];
  /** Range of the hue's turn within ±0.5, where 1 is the whole circle; or a for [−a, a]. Default none. */
  readonly hue?: number | readonly [number, number];
}

/** Colour jitter for values in [0, 1]. @throws LanewiseError kind 'argument' for a setting out of range. */
export function colorJitter(options: ColorJitterOptions): Transform {
  const name = 'colorJitter';
  const factor = spread(1, 0, 1e3);
  checkOptions(name, options, {
    brightness: factor,
    contrast: factor,
    saturation: factor,
    hue: spread(0, -0.5, 0.5),
  });
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
  return make(name, colorJitterKind, {
    brightness: around(brightness, 1, 0),
    contrast: around(contrast, 1, 0),
    saturation: around(saturation, 1, 0),
    hue: around(hue, 0, -0.5),
  });
}

type Range = readonly [number, number];

interface JitterSettings {
  readonly brightness: Range;
  readonly contrast: Range;
  readonly saturation: Range;
  readonly hue: Range;
}

/** Brightness, contrast, saturation and hue. */
const STEPS = 4;

/** factor·v + (1 − factor)·gray. */
const saturate = (factor: number): ChannelMatrix =>
  GRAY.map((_, c) => [...GRAY.map((g, d) => (1 - factor) * g + (d === c ? factor : 0)), 0]);

export const colorJitterKind: Kind<JitterSettings> = {
  keepsPixels: true,
  shape(_, shape) {
    checkColours('colorJitter', shape);
    return shape;
  },
  scratch: (_, [C]) => 16 + C,
  prepare({ brightness, contrast, saturation, hue }, [C, h, w], { kernels, floats, at }, stream) {
    const area = h * w;
    const sums = at + 16 * 4;
    const gray = C === 3 ? GRAY : [1];
    const isOne = ([low, high]: Range) => low === 1 && high === 1;

    /** The mean over the pixels of the image's gray. */
    function meanGray(x: number): number {
      kernels.sumAxis(C, area, 1, x, sums);
      return gray.reduce((sum, g, c) => sum + (g * floats[sums / 4 + c]!) / area, 0);
    }

    return (from, to, draw) => {
      draw.begin(stream);
      let [x, y] = [from, to];
      const mix = (matrix: ChannelMatrix) => {
        matrix.forEach((row, o) => floats.set(row, at / 4 + o * (C + 1)));
        kernels.mixChannels(C, C, area, x, at, 0, 1, y);
        [x, y] = [y, x];
      };
      const order = permutation(STEPS, draw);
      const factors = [brightness, contrast, saturation, hue].map((range) =>
        draw.between(...range),
      );
      for (const step of order) {
        const factor = factors[step]!;
        if (step === 0 && !isOne(brightness)) mix(uniformly(C, factor, 0));
        if (step === 1 && !isOne(contrast)) mix(uniformly(C, factor, (1 - factor) * meanGray(x)));
        if (step === 2 && C === 3 && !isOne(saturation)) mix(saturate(factor));
        if (step === 3 && C === 3 && (hue[0] !== 0 || hue[1] !== 0))
          kernels.turnHue(area, x, factor, x);
      }
      return x;
    };
  },
};
