/** The purposes of random numbers, the last counter word, so that no two uses share a stream. */
export const purpose = {
  init: 1,
  shuffle: 2,
  digits: 3,
  dropout: 4,
  text: 5,
  split: 6,
  sampler: 7,
  augment: 8,
  augmentPixels: 9,
  mixup: 10,
  sweep: 15,
  bootstrap: 11,
  baseline: 12,
  importance: 13,
  digest: 14,
  lab: 16,
} as const;
