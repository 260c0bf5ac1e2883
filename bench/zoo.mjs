// The largest models at their full size: a few steps on one batch of noise, with the memory and time they take.
//   node bench/zoo.mjs [--batch 2] [--regions] [model…]
// Each model runs in a process of its own, so that its peak of resident memory is its own.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as zoo from '../dist/src/models/index.js';
import { parameterCount } from '../dist/src/layers/index.js';
import { lossTerms } from '../dist/src/losses/terms.js';
import { momentum } from '../dist/src/optimizers/index.js';
import { samplesOf } from '../dist/src/data/forms.js';
import { createSession } from '../dist/src/crew/session.js';
import { defaultNumerics } from '../dist/src/engine/features.js';

/** Learning rates: nets without normalisation take smaller steps. */
const MODELS = {
  alexNet: 0.0001,
  vgg16: 0.00001,
  vgg19: 0.00001,
  googLeNet: 0.01,
  resNet18: 0.01,
  resNet50: 0.003,
  resNet152: 0.003,
};
/** The fastest counts; losses are shown of the first three. */
const STEPS = 5;

const GiB = (bytes) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

async function measure(name, batch, withRegions) {
  const model = zoo[name]();
  const { shape } = model.architecture.inputs.input;
  const size = shape.reduce((a, b) => a * b);
  const classes = Array.from({ length: 1000 }, (_, i) => String(i));
  const samples = Float32Array.from({ length: batch * size }, (_, i) => ((i * 7919) % 1009) / 1009);
  const labels = Int32Array.from({ length: batch }, (_, i) => i * 7);
  const lr = MODELS[name];
  const loss = name === 'googLeNet' ? zoo.googLeNetLoss : 'crossEntropy';
  const optimizer = momentum({ lr });
  const session = await createSession({
    model,
    terms: lossTerms(loss, [...model.outputs.keys()]),
    numerics: defaultNumerics(),
    workers: 0,
    datasets: [samplesOf({ name: 'noise', shape, classes, samples, labels })],
    training: { optimizer, batch, shards: 1 },
  });
  session.initialize(1);
  session.writeOrder(Uint32Array.from({ length: batch }, (_, i) => i));
  const losses = [];
  let seconds = Infinity;
  for (let step = 0; step < STEPS; step++) {
    const start = performance.now();
    // Always step 0 to the layers that draw: each loss is of the same elements dropped.
    const [metrics] = await session.train(0, [optimizer.rates(0, lr)], 0);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    losses.push(metrics.loss);
  }
  const { bytes, regions } = session.plan.memory;
  if (withRegions)
    for (const region of regions.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5))
      console.error(`  ${name} ${region.name} ${GiB(region.bytes)}`);
  const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  const row = [
    `\`${name}\``,
    parameterCount(model).toLocaleString('en'),
    batch,
    GiB(bytes),
    GiB(peak * 1024),
    seconds.toFixed(2),
    losses
      .slice(0, 3)
      .map((value) => value.toFixed(3))
      .join(', '),
  ];
  console.log(`| ${row.join(' | ')} |`);
}

const args = process.argv.slice(2);
const at = args.indexOf('--batch');
const batch = at < 0 ? 2 : Number(args[at + 1]);
const withRegions = args.includes('--regions');
const names = args.filter((arg, i) => arg in MODELS && i !== at + 1);
if (names.length === 1) {
  await measure(names[0], batch, withRegions);
} else {
  console.log(
    '| Model | Parameters | Batch | Planned memory | Peak of process | s/step | Losses |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const name of names.length > 0 ? names : Object.keys(MODELS)) {
    const options = ['--batch', batch, ...(withRegions ? ['--regions'] : [])];
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...options, name], {
      stdio: 'inherit',
    });
  }
}
