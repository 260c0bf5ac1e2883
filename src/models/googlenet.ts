/**
 * GoogLeNet (Szegedy et al. 2015, "Going deeper with convolutions", table 1). It has nine inception modules (figure 2b)
 * and two auxiliary classifiers, after modules 4a and 4d (§5), which only training uses.
 */
import { checkOptions, flag, oneOf } from '../base/check.js';
import {
  adaptiveAvgPool2d,
  avgPool2d,
  batchNorm2d,
  block,
  chain,
  concat,
  conv2d,
  dropout,
  flatten,
  functional,
  globalAvgPool2d,
  input,
  linear,
  localResponseNorm,
  maxPool2d,
  relu,
  type Conv2dOptions,
  type Layer,
  type Model,
  type Wire,
} from '../layers/index.js';
import type { LossSetting } from '../losses/terms.js';
import {
  IMAGENET,
  heInit,
  imageNetScale,
  leftOf,
  widthOf,
  windowsOf,
  type ImageNetOptions,
} from './image-options.js';

/** Settings of `googLeNet`. */
export interface GoogLeNetOptions extends ImageNetOptions {
  /**
   * `torchvision` (default) has batch normalisation, no response normalisation, 3×3 in place of 5×5 filters and a last
   * pooling of 2×2: 13,004,888 parameters with the auxiliary classifiers, 6,624,904 without. `paper` is table 1:
   * 13,378,280 and 6,998,552.
   */
  readonly definition?: 'torchvision' | 'paper';
  /** Whether the net has the auxiliary outputs aux1 and aux2; default true. */
  readonly auxiliary?: boolean;
}

/** §5: the auxiliary losses have weight 0.3. */
export const googLeNetLoss = {
  logits: 'crossEntropy',
  aux1: { loss: 'crossEntropy', weight: 0.3 },
  aux2: { loss: 'crossEntropy', weight: 0.3 },
} as const satisfies LossSetting;

/** Pooling to half the extent, rounded up. */
const halve = (kernel = 3) => maxPool2d(kernel, { stride: 2, ceilMode: true });
const halved = (extent: number) => Math.ceil((extent - 3) / 2) + 1;

/** Channels of 1×1; of 3×3 and its reduction before; of 5×5 and its reduction; and after pooling. */
type Inception = readonly [
  c1: number,
  reduce3: number,
  c3: number,
  reduce5: number,
  c5: number,
  pool: number,
];

const MODULES: Readonly<Record<string, Inception>> = {
  '3a': [64, 96, 128, 16, 32, 32],
  '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64],
  '4b': [160, 112, 224, 24, 64, 64],
  '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64],
  '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128],
  '5b': [384, 192, 384, 48, 128, 128],
};

type Convolution = (from: number, to: number, kernel: number, options?: Conv2dOptions) => Layer;

/** A convolution and ReLU, with or without batch normalisation between them: torchvision's BasicConv2d. */
const convolutionOf =
  (batchNorm: boolean): Convolution =>
  (from, to, kernel, options = {}) => {
    const conv = conv2d(from, to, kernel, { ...options, bias: !batchNorm, ...heInit });
    return batchNorm
      ? block({ conv, bn: batchNorm2d(to, { eps: 0.001 }) }, ({ conv, bn }, x) => relu(bn(conv(x))))
      : block({ conv }, ({ conv }, x) => relu(conv(x)));
  };

/** Four paths from one image, whose maps are concatenated (figure 2b). */
function inception(
  conv: Convolution,
  from: number,
  [c1, reduce3, c3, reduce5, c5, pool]: Inception,
  kernel5: number,
): Layer {
  const branches = {
    branch1: conv(from, c1, 1),
    branch2: chain([conv(from, reduce3, 1), conv(reduce3, c3, 3, { padding: 1 })]),
    branch3: chain([
      conv(from, reduce5, 1),
      conv(reduce5, c5, kernel5, { padding: (kernel5 - 1) / 2 }),
    ]),
    branch4: chain([maxPool2d(3, { stride: 1, padding: 1 }), conv(from, pool, 1)]),
  };
  return block(branches, ({ branch1, branch2, branch3, branch4 }, x) =>
    concat(branch1(x), branch2(x), branch3(x), branch4(x)),
  );
}

/** §5: pooling, a 1×1 convolution to 128 channels, and two dense layers. */
function classifier(
  conv: Convolution,
  pool: Layer,
  pooled: number,
  [from, squeezed, hidden, classes]: readonly [number, number, number, number],
): Layer {
  const layers = {
    conv: conv(from, squeezed, 1),
    fc1: linear(squeezed * pooled * pooled, hidden),
    fc2: linear(hidden, classes),
  };
  return block(layers, ({ conv, fc1, fc2 }, x) =>
    fc2(dropout(0.7)(relu(fc1(flatten(conv(pool(x))))))),
  );
}

/**
 * Images channels×224×224 to the outputs logits, aux1 and aux2; `googLeNetLoss` blends their losses. Predictions use
 * logits and compute nothing else. Names are torchvision's.
 */
export function googLeNet(options: GoogLeNetOptions = {}): Model {
  const {
    size = 224,
    channels = 3,
    classes = 1000,
    width = 1,
    definition = 'torchvision',
    auxiliary = true,
  } = checkOptions('googLeNet', options, {
    ...IMAGENET,
    definition: oneOf(['torchvision', 'paper']),
    auxiliary: flag,
  });
  const scaled = widthOf('googLeNet', width);
  const paper = definition === 'paper';
  const conv = convolutionOf(!paper);
  const [c64, c192] = [scaled(64), scaled(192)];
  const stem = {
    conv1: conv(channels, c64, 7, { stride: 2, padding: 3 }),
    conv2: conv(c64, c64, 1),
    conv3: conv(c64, c192, 3, { padding: 1 }),
  };
  const norm = (x: Wire) => (paper ? localResponseNorm(5)(x) : x);

  const x = input([channels, size, size], imageNetScale(channels, options));
  let y = halve()(stem.conv1(x));
  y = halve()(norm(stem.conv3(stem.conv2(norm(y)))));
  let from = c192;
  const modules: Record<string, Layer> = {};
  const after: Record<string, { wire: Wire; channels: number }> = {};
  for (const [name, sizes] of Object.entries(MODULES)) {
    if (name === '4a') y = halve()(y);
    if (name === '5a') y = halve(paper ? 3 : 2)(y);
    const each = sizes.map(scaled) as unknown as Inception;
    const module = inception(conv, from, each, paper ? 5 : 3);
    modules[`inception${name}`] = module;
    y = module(y);
    from = each[0] + each[2] + each[4] + each[5];
    after[name] = { wire: y, channels: from };
  }
  const fc = linear(from, classes);
  const logits = fc(dropout(paper ? 0.4 : 0.2)(globalAvgPool2d(y)));
  if (!auxiliary)
    return functional({ inputs: x, outputs: { logits }, layers: { ...stem, ...modules, fc } });

  // Modules 4a to 4e have 14×14 pixels for images of 224×224, from which 5×5 windows at stride 3 leave 4×4.
  const stage4 = halved(halved(halved(Math.ceil(size / 2))));
  const pooled = paper ? leftOf('googLeNet', size, windowsOf(stage4, 5, 3)) : 4;
  const side = (place: string): Layer =>
    classifier(conv, paper ? avgPool2d(5, { stride: 3 }) : adaptiveAvgPool2d(4), pooled, [
      after[place]!.channels,
      scaled(128),
      scaled(1024),
      classes,
    ]);
  const [aux1, aux2] = [side('4a'), side('4d')];
  return functional({
    inputs: x,
    outputs: { logits, aux1: aux1(after['4a']!.wire), aux2: aux2(after['4d']!.wire) },
    layers: { ...stem, ...modules, fc, aux1, aux2 },
  });
}
