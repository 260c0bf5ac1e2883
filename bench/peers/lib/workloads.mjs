// The workloads of `lanewise bench` that have peers, and what their names say.

export const workloads = [
  'sgemm-128',
  'sgemm-256',
  'sgemm-512',
  'sgemm-1024',
  'sgemm-64x784x100',
  'sgemm-64x400x120',
  'sgemm-1024x1152x128',
  'mlp-b64',
  'lenet5-b64',
  'lenet5-b256',
  'vgg-small-b64',
  'resnet20-b64',
  'resnet18-64-b64',
  'resnet18-b16',
  'resnet50-b8',
  'alexnet-b16',
  'vgg16-b4',
  'googlenet-b16',
  'lstm-b64',
  'gpt-b16',
  'lenet5-infer-b1',
  'lenet5-infer-b256',
  'lenet5-int8-b1',
  'lenet5-int8-b256',
  'memory',
];

/** Workloads measured with several threads too; inference is of one. int8 is compared with peers' floats, too. */
export const isThreaded = (name) => !/infer|int8/.test(name);

/** `{ m, k, n }` of a matrix product, or undefined. */
export function productOf(name) {
  const [, m, k, n] = /^sgemm-(\d+)(?:x(\d+)x(\d+))?$/.exec(name) ?? [];
  return m && { m: Number(m), k: Number(k ?? m), n: Number(n ?? m) };
}

/** The batch size of LeNet-5's inference, or undefined. */
export function inferenceOf(name) {
  const [, batch] = /^lenet5-(?:infer|int8)-b(\d+)$/.exec(name) ?? [];
  return batch && Number(batch);
}

/** `{ model, batch }` of a training workload, or undefined. */
export function trainingOf(name) {
  const [, model, batch] = (isThreaded(name) && /^(.*)-b(\d+)$/.exec(name)) || [];
  return model && { model, batch: Number(batch) };
}
