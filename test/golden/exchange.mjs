/**
 * Lanewise's half of exchange.py: `node exchange.mjs FOLDER MODEL` reads the weights and samples that PyTorch wrote,
 * writes the outputs it finds, and weights of its own with their outputs. Outputs are the last layer's, without softmax.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  charLstm,
  lenet5,
  loadWeights,
  momentum,
  resNet18,
  saveModel,
  train,
  vgg11,
} from 'lanewise';

const [folder, name] = process.argv.slice(2);
const at = (end) => join(folder, name + end);
const model = {
  lenet5,
  vgg11: () => vgg11({ classes: 10, size: 64, width: 1 / 4 }),
  resNet18,
  charLstm: () => charLstm({ vocabulary: 65, numLayers: 2, dropout: 0.2 }),
}[name]();
const { shape, vocabulary } = model.architecture.inputs.input;
const { buffer } = new Uint8Array(readFileSync(at('.samples')));
const samples = vocabulary ? new Int32Array(buffer) : new Float32Array(buffer);

async function writeOutputs(from) {
  const trained = await loadWeights(model, at(`.${from}.safetensors`), { loss: 'squaredError' });
  const { scores } = await trained.predict(samples);
  writeFileSync(at(`.${from}.outputs`), scores);
  return trained.weights;
}

const weights = await writeOutputs('pytorch');
const { model: trained } = await train(model, {
  data: {
    name: 'samples',
    inputs: { input: { shape, values: samples } },
    targets: {
      output: vocabulary ? { shape, values: samples } : { shape: [], values: Int32Array.of(0, 1) },
    },
  },
  optimizer: momentum({ lr: 0.001 }),
  weights,
  batch: 2,
  epochs: 1,
});
await saveModel(trained, at('.lanewise.safetensors'));
await writeOutputs('lanewise');
