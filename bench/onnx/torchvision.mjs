// The files of make_models.py, read and compared: tensors whose name and bits are PyTorch's, the largest difference from
// onnxruntime, and how far a step's gradient is from PyTorch's in double precision, beside PyTorch's own in single.
//   PEERS=folder-with-node_modules node bench/onnx/torchvision.mjs FOLDER [model…]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arrays } from '../../dist/src/data/arrays.js';
import { gradientsOf } from '../../dist/src/look/gradients-of.js';
import { readOnnx } from '../../dist/src/onnx/index.js';

const [folder, ...names] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'onnx-'));
const ours = fileURLToPath(new URL('onnxruntime.mjs', import.meta.url));

/** The rows of one kind, with their values. */
function rowsOf({ rows }, bytes, kind) {
  const Kind = kind === 'double' || kind === 'single' ? Float64Array : Float32Array;
  return rows
    .filter((row) => row.kind === kind)
    .map(({ name, size, at }) => [
      name,
      new Kind(
        bytes.buffer.slice(
          bytes.byteOffset + at,
          bytes.byteOffset + at + size * Kind.BYTES_PER_ELEMENT,
        ),
      ),
    ]);
}

const norm = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const short = (value) => (Number.isFinite(value) ? value.toExponential(1) : String(value));

/** onnxruntime's outputs for the samples. */
function expected(model, x, sample) {
  const [file, answers] = [join(scratch, 'x'), join(scratch, 'y')];
  writeFileSync(file, x);
  const { status, stderr } = spawnSync(
    process.execPath,
    [ours, model, JSON.stringify({ sample, file }), answers],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`onnxruntime: ${stderr.slice(-500)}`);
  return new Float32Array(readFileSync(answers).buffer.slice(0));
}

/** Distances of gradients from the truth: of all as one vector, and of each tensor relative to its norm. */
function distances(found, truth) {
  const scale = norm(truth.map(([, values]) => norm(values)));
  const each = truth.map(([name, values]) =>
    norm(values.map((value, i) => value - found.get(name)[i])),
  );
  const relative = truth.flatMap(([, values], i) =>
    norm(values) > 1e-5 * scale ? [each[i] / norm(values)] : [],
  );
  return {
    all: norm(each) / scale,
    median: median(relative),
    worst: Math.max(...relative),
    relative,
  };
}

async function gradients({ model, weights }, info, x, truth, single) {
  const { side, labels } = info;
  const data = arrays({
    samples: x,
    labels,
    shape: [3, side, side],
    classes: Array.from({ length: 1000 }, (_, i) => `${i}`),
  });
  const { gradients: own } = await gradientsOf(model, weights, data, { loss: 'crossEntropy' });
  const sampled = new Map(
    truth.map(([name, values]) => {
      const all = own.get(name);
      const step = Math.max(1, Math.ceil(all.length / 65536));
      return [name, values.map((_, i) => all[i * step])];
    }),
  );
  const [here, torch] = [distances(sampled, truth), distances(new Map(single), truth)];
  const over = here.relative.filter((value, i) => value > 4 * torch.relative[i]).length;
  return `step: ${short(here.all)} of it, PyTorch ${short(torch.all)}; per tensor median ${short(here.median)} (${short(torch.median)}), worst ${short(here.worst)} (${short(torch.worst)}), ${over} of ${here.relative.length} beyond 4 ×`;
}

async function compare(name) {
  const info = JSON.parse(readFileSync(join(folder, name, 'data.json'), 'utf8'));
  const bytes = readFileSync(join(folder, name, 'data.bin'));
  const [[, x]] = rowsOf(info, bytes, 'x');
  const state = rowsOf(info, bytes, 'weight');
  const sample = [3, info.side, info.side];
  for (const form of ['default', 'preserve', 'dynamic']) {
    const path = join(folder, name, `${form}.onnx`);
    try {
      const read = readOnnx(readFileSync(path), { name: `${name}/${form}.onnx` });
      const { scores } = await read.trained.predict(x);
      const values = expected(path, x, sample);
      const difference = largest(values.map((value, i) => value - scores[i])) / largest(values);
      const kept = state.filter(([key]) => read.weights.has(key));
      const equal = kept.filter(
        ([key, own]) =>
          Buffer.compare(
            Buffer.from(own.buffer),
            Buffer.from(read.weights.get(key).slice().buffer),
          ) === 0,
      );
      const rules = read.model.architecture.layers.filter(
        ({ kind, settings }) => kind === 'onnx' && settings.op !== 'Parameter',
      );
      console.log(
        [
          name.padEnd(19),
          form.padEnd(8),
          `${kept.length}/${state.length} names, ${equal.length} bits`.padEnd(26),
          short(scores.length === values.length ? difference : NaN),
          `${read.model.architecture.layers.length} layers, ${rules.length} by rules`,
          `${read.warnings.length} warnings`,
        ].join('  '),
      );
      if (process.env.VERBOSE)
        console.log(
          read.warnings.join('\n'),
          [...new Set(rules.map(({ settings }) => settings.op))].join(' '),
        );
      if (form !== 'preserve' || process.env.FORWARD) continue;
      console.log(
        ' '.repeat(19),
        await gradients(
          read,
          info,
          x,
          rowsOf(info, bytes, 'double'),
          rowsOf(info, bytes, 'single'),
        ),
      );
    } catch (error) {
      console.log(name.padEnd(19), form.padEnd(8), error.stack.slice(0, 3000));
    }
  }
}

const found =
  names.length > 0
    ? names
    : readdirSync(folder).filter((name) => existsSync(join(folder, name, 'data.json')));
for (const name of found) await compare(name);
