// Part of full_torchvision.py: reads a .pt file of torchvision's into our net and writes its scores of images of bytes.
//   node full_torchvision.mjs FOLDER FILE NET OPTIONS
import { readFileSync, writeFileSync } from 'node:fs';
import * as lanewise from 'lanewise';
import 'lanewise/import';

const [folder, file, name, options] = process.argv.slice(2);
const model = lanewise[name](JSON.parse(options));
// Logits rather than probabilities.
const loss = Object.fromEntries([...model.outputs.keys()].map((key) => [key, 'squaredError']));
const trained = await lanewise.loadWeights(model, `${folder}/${file}`, { loss });
const images = new Uint8Array(readFileSync(`${folder}/images`));
const { scores } = await trained.predict(images);
writeFileSync(`${folder}/scores`, scores);
