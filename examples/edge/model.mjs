// Makes the worker's own model, model.safetensors in the current folder: LeNet-5 that knows the digits 0 to 4.
import { digits, lenet5, momentum, saveModel, subset, train } from 'lanewise';

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
