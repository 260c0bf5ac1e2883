/**
 * What is no setting of training here, and where it stands. Other libraries' words for the same are in
 * base/suggest.ts.
 */

/** The names are those that they have where they stand. */
export const PLACES: Readonly<Record<string, string>> = {
  lr: "it is the optimizer's: adam({ lr })",
  weightDecay: "it is the optimizer's: adam({ weightDecay })",
  beta: "it is the optimizer's: momentum({ lr, beta })",
  classWeights: "it is the loss's: crossEntropy({ classWeights }), or withClassWeights(data)",
  swa: 'average: swa()',
  ema: 'average: ema()',
};

/** What is no setting of a run. */
export const PLACES_IN_RUNS: Readonly<Record<string, string>> = {
  ...PLACES,
  augment: "it is the data's: transformed(data, [...])",
  validationSplit: 'const [data, validation] = split(all, 0.9)',
  shuffle: 'epochs are shuffled; sampler: samplers.sequential() leaves the order',
  maxSteps: 'steps are epochs × stepsPerEpoch',
  callbacks: 'the third argument takes them: { onEpoch }',
  verbose: 'the third argument says what is called: { onEpoch: console.log }',
};
