// A caller of the worker: sends digits to recognise, teaches it 5 to 9 from 100 samples, and keeps the model it has learned.
//   node client.mjs http://127.0.0.1:8080
import { writeFile } from 'node:fs/promises';
import { digits, subset } from 'lanewise';

const url = process.argv[2] ?? 'http://127.0.0.1:8080';

async function post(route, body) {
  const response = await fetch(url + route, { method: 'POST', body });
  if (response.ok) return response;
  throw new Error(`${response.status} ${await response.text()}`);
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    form.set(name, typeof value === 'string' ? value : new Blob([value]));
  return form;
}

/** `count` samples of the digits 5 to 9, labelled 0 to 4. */
function highDigits(seed, count) {
  const all = digits({ count: 4 * count, seed });
  const high = [...all.labels.keys()].filter((i) => all.labels[i] >= 5).slice(0, count);
  const { samples, labels } = subset(all, high);
  return { samples, labels: Uint8Array.from(labels, (label) => label - 5) };
}

const { samples, labels } = digits({ count: 20, seed: 2 });
const low = labels.findIndex((label) => label < 5);
const answer = await post('/predict', samples.subarray(low * 784, low * 784 + 784));
const { classes } = await answer.json();
console.log(`a ${labels[low]} is recognised as ${classes[0]}`);

const form = formOf({ ...highDigits(3, 100), classes: '5,6,7,8,9', freeze: 'c1,c3' });
const model = new Uint8Array(await (await post('/tune', form)).arrayBuffer());
await writeFile('tuned.safetensors', model);

const held = highDigits(4, 250);
const found = await (await post('/predict', formOf({ model, samples: held.samples }))).json();
const right = found.classes.filter((name, i) => Number(name) === held.labels[i] + 5).length;
console.log(`${right} of ${held.labels.length} others of 5 to 9 are recognised after 100 samples`);
