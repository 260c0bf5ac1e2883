/**
 * Lanewise's half of exchange.py: `node exchange.mjs FOLDER MODEL` reads the weights and images that PyTorch wrote,
 * writes the outputs it finds, and weights of its own with their outputs. Outputs are the last layer's, without softmax.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lenet5, loadWeights, momentum, resNet18, saveModel, train, vgg11 } from 'lanewise';

const [folder, name] = process.argv.slice(2);
const at = (end) => join(folder, name + end);
const model = {
  lenet5,
  vgg11: () => vgg11({ classes: 10, size: 64, width: 1 / 4 }),
  resNet18,
}[name]();
const bytes = readFileSync(at('.images'));
const images = new Float32Array(new Uint8Array(bytes).buffer);

async function writeOutputs(from) {
  const trained = await loadWeights(model, at(`.${from}.safetensors`), { loss: 'squaredError' });
  const { scores } = await trained.predict(images);
  writeFileSync(at(`.${from}.outputs`), scores);
  return trained.weights;
}

const weights = await writeOutputs('pytorch');
const { shape } = model.architecture.inputs.input;
const { model: trained } = await train(model, {
  data: {
    name: 'images',
    shape,
    classes: ['0', '1'],
    samples: images,
    labels: Uint8Array.of(0, 1),
  },
  optimizer: momentum({ lr: 0.001 }),
  weights,
  batch: 2,
  epochs: 1,
});
await saveModel(trained, at('.lanewise.safetensors'));
await writeOutputs('lanewise');
