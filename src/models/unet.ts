/**
 * U-Net (Ronneberger, Fischer & Brox 2015, §2 and figure 1). On the way down each level has two 3×3 convolutions,
 * pooling to half the extent, and twice the channels. On the way up, 2×2 up-convolutions halve the channels, and their
 * outputs are joined with the maps of the way down, cropped where those are larger. 31,030,658 parameters for images of
 * one channel and two classes: those of the paper's figure, whose convolutions all have biases.
 */
import { checkOptions, extent, flag, oneOf, oneOrTwo } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import {
  batchNorm2d,
  chain,
  concat,
  conv2d,
  convTranspose2d,
  functional,
  initializers,
  input,
  maxPool2d,
  relu,
  slice,
  type Layer,
  type Model,
  type Wire,
} from '../layers/index.js';

/** Settings of `unet`. */
export interface UNetOptions {
  /** Channels of the images; default 1. */
  readonly channels?: number;
  /** Default 2. */
  readonly classes?: number;
  /** How often the extent is halved; default 4. */
  readonly depth?: number;
  /** Channels of the first level; default 64. */
  readonly width?: number;
  /** `valid` (default) is the paper's: 572×572 to 388×388; `same` keeps the extent. */
  readonly padding?: 'valid' | 'same';
  /** Height and width of the images, one number if they are equal; default 572, or 512 for `same`. */
  readonly size?: number | readonly [height: number, width: number];
  /** Batch normalisation in place of the 3×3 convolutions' biases, which is not in the paper; default false. */
  readonly batchNorm?: boolean;
}

type Size = readonly [height: number, width: number];

/** Initial values as in §3: normal with variance 2/fan-in. */
const inits = { weightInit: /* @__PURE__ */ initializers.heNormal() };

/** Two 3×3 convolutions, each with ReLU. */
function twice(
  from: number,
  to: number,
  { padding, batchNorm }: Required<Pick<UNetOptions, 'padding' | 'batchNorm'>>,
): Layer {
  const one = (channels: number, i: number): Record<string, Layer> => ({
    [`conv${i}`]: conv2d(channels, to, 3, { padding, bias: !batchNorm, ...inits }),
    ...(batchNorm ? { [`bn${i}`]: batchNorm2d(to) } : {}),
    [`relu${i}`]: relu(),
  });
  return chain({ ...one(from, 1), ...one(to, 2) });
}

/** The middle of an image, `to` of `from` pixels. */
function crop(x: Wire, from: Size, to: Size): Wire {
  const cut = (wire: Wire, i: number): Wire => {
    const start = Math.floor((from[i]! - to[i]!) / 2);
    return from[i] === to[i] ? wire : slice(2 + i, start, start + to[i]!)(wire);
  };
  return cut(cut(x, 0), 1);
}

/** @throws LanewiseError kind 'argument' if a level's extent is odd: pooling would lose a row. */
function halve(size: Size, level: number): Size {
  if (size.every((extent) => extent > 0 && extent % 2 === 0)) return [size[0] / 2, size[1] / 2];
  throw new LanewiseError(
    'argument',
    `unet: level ${level} has ${size.join('×')} pixels, expected even numbers at every level that is pooled`,
  );
}

/**
 * Images channels×height×width to logits of each pixel, classes×height×width; without padding, of the pixels that
 * remain.
 * @throws LanewiseError kind 'argument' for a size that cannot be halved at every level.
 */
export function unet(options: UNetOptions = {}): Model {
  const {
    channels = 1,
    classes = 2,
    depth = 4,
    width = 64,
    padding = 'valid',
    size = padding === 'same' ? 512 : 572,
    batchNorm = false,
  } = checkOptions('unet', options, {
    channels: extent,
    classes: extent,
    depth: extent,
    width: extent,
    padding: oneOf(['valid', 'same']),
    size: oneOrTwo(extent),
    batchNorm: flag,
  });
  const kind = { padding, batchNorm };
  const convolved = ([h, w]: Size): Size => (padding === 'same' ? [h, w] : [h - 4, w - 4]);
  const layers: Record<string, Layer> = {};
  const named = (name: string, layer: Layer): Layer => (layers[name] = layer);

  let at: Size = typeof size === 'number' ? [size, size] : size;
  const x = input([channels, ...at]);
  let y = named('down0', twice(channels, width, kind))(x);
  at = convolved(at);
  const levels = [{ y, at }];
  for (let i = 1; i <= depth; i++) {
    const to = width * 2 ** i;
    y = named(`down${i}`, twice(to / 2, to, kind))(maxPool2d(2)(y));
    at = convolved(halve(at, i - 1));
    levels.push({ y, at });
  }
  for (let i = depth; i > 0; i--) {
    const to = width * 2 ** (i - 1);
    const up = named(`up${i}`, convTranspose2d(2 * to, to, 2, { stride: 2, ...inits }));
    at = [2 * at[0], 2 * at[1]];
    const beside = levels[i - 1]!;
    y = named(`join${i}`, twice(2 * to, to, kind))(concat(crop(beside.y, beside.at, at), up(y)));
    at = convolved(at);
  }
  const outputs = named('output', conv2d(width, classes, 1, inits))(y);
  return functional({ inputs: x, outputs, layers });
}
