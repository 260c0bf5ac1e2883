// Makes the workers' own models in the current folder: model.safetensors, LeNet-5 that knows the digits 0 to 4, and
// model.int8.safetensors, the same in int8.
import { writeFileSync } from 'node:fs';
import { digits, lenet5, momentum, saveModel, subset, train } from 'lanewise';
import { encodeQuantized, quantize } from 'lanewise/quantize';

const all = digits({ count: 4000 });
const known = [...all.labels.keys()].filter((i) => all.labels[i] < 5);
const data = { ...subset(all, known), classes: all.classes.slice(0, 5) };
const { model } = await train(lenet5({ classes: 5 }), {
  data,
  optimizer: momentum({ lr: 0.05 }),
  epochs: 6,
  batch: 32,
});
await saveModel(model, 'model.safetensors');
writeFileSync('model.int8.safetensors', encodeQuantized(await quantize(model, data)));
