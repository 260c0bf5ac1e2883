/**
 * SE-ResNet (Hu, Shen & Sun 2018, "Squeeze-and-excitation networks", §3 and figure 3). Before it is added to the
 * shortcut, each residual block's output is scaled channel by channel, by numbers in (0, 1) that two dense layers
 * compute from the channels' means.
 */
import { checkOptions, extent } from '../base/check.js';
import { squeezeExcitation, type Model } from '../layers/index.js';
import { IMAGENET, type ImageNetOptions } from './image-options.js';
import { resNet } from './resnet.js';

/** Settings of `seResNet`. */
export interface SeResNetOptions extends ImageNetOptions {
  /** Depth as in resNet: 18, 34, 50 (default), 101, 152. */
  readonly depth?: number;
  /** Ratio of channels to units between the dense layers; default 16 (§6.1), a divisor of all blocks' channels. */
  readonly reduction?: number;
}

/** Images channels×224×224; depth 18 has 11,778,592 parameters, depth 50 has 28,088,024. */
export function seResNet(options: SeResNetOptions = {}): Model {
  const checks = { ...IMAGENET, depth: true, reduction: extent } as const;
  const { depth = 50, reduction = 16, ...rest } = checkOptions('seResNet', options, checks);
  return resNet(depth, rest, (channels) => squeezeExcitation(channels, reduction));
}
