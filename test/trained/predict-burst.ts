/**
 * Predictions at the same time, as a server gets them. Prints the process's largest size in MB, and whether each call got what
 * it gets alone.
 *   node predict-burst.js <hidden units> <calls>
 */
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

const [hidden = 0, calls = 0] = process.argv.slice(2).map(Number);
const net = sequential([flatten(), linear(784, hidden), relu(), linear(hidden, 10)], {
  input: [1, 28, 28],
});
const data = digits({ count: 200, seed: 5 });
const settings = { data: digits({ count: 1 }), optimizer: sgd({ lr: 0.1 }), epochs: 1, workers: 0 };
const { model } = await train(net, settings);
const sample = (i: number) => data.samples.subarray((i % 200) * 784, ((i % 200) + 1) * 784);

const alone: string[] = [];
for (let i = 0; i < 200; i++) alone.push((await model.predict(sample(i))).scores.join());
const all = await Promise.all(Array.from({ length: calls }, (_, i) => model.predict(sample(i))));
const right = all.filter(({ scores }, i) => scores.join() === alone[i % 200]).length;
console.log(JSON.stringify({ megabytes: process.resourceUsage().maxRSS / 1024, right }));
