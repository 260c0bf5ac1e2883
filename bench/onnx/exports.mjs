/**
 * Writes an example of every kind of layer and every net of the zoo as ONNX, and prints for each what ONNX's checker says,
 * how far onnxruntime's answers are from Lanewise's (of the largest), at batches of 1 and 3, and whether the file is read
 * again to the same architecture, weights and answers: `node bench/onnx/exports.mjs [part of a name]`, after
 * `node scripts/build.mjs --tests`, `npm run tools`, and with Debian's python3-onnx.
 */
import { checkOnnx, runOnnx } from '../../dist/test/support/onnxruntime.js';
import { answersOf, inputsOf, onnxExamples } from '../../dist/test/support/onnx-examples.js';
import { decodeOnnx } from '../../dist/src/onnx/messages.js';
import { readOwnOnnx } from '../../dist/src/onnx/own-files.js';
import { writeOnnx } from '../../dist/src/onnx/write-onnx.js';

const only = process.argv[2] ?? '';
const rows = [];
for (const { name, create } of onnxExamples) {
  if (!name.includes(only)) continue;
  try {
    const trained = await create();
    const bytes = writeOnnx(trained, { logits: false });
    rows.push({ name, trained, bytes });
  } catch (error) {
    rows.push({ name, why: error.message });
  }
}
const written = rows.filter(({ bytes }) => bytes);
const checked = checkOnnx(written.map(({ bytes }) => bytes));
written.forEach((row, i) => (row.checked = checked[i]));
const cases = written.map(({ trained, bytes }) => ({
  bytes,
  runs: [1, 3].map((count) => inputsOf(trained.model, count)),
}));
const answers = runOnnx(cases);

/** The largest difference, of the largest number. */
function distance(values, data) {
  if (data.length !== values.length) return Infinity;
  const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-30);
  const far = values.reduce((most, v, k) => Math.max(most, Math.abs(v - data[k])), 0) / largest;
  return Number.isNaN(far) ? Infinity : far;
}

for (const [i, row] of written.entries()) {
  row.why ??= answers[i].error;
  if (answers[i].error) continue;
  for (const [run, theirs] of answers[i].entries()) {
    const own = await answersOf(row.trained, cases[i].runs[run]);
    for (const [output, values] of Object.entries(own))
      row.far = Math.max(row.far ?? 0, distance(values, theirs[output].data));
  }
}
for (const row of written) {
  const warnings = [];
  const again = readOwnOnnx(decodeOnnx(row.bytes, 'x.onnx'), 'x.onnx', (text) =>
    warnings.push(text),
  );
  row.again =
    again &&
    JSON.stringify(again.model.architecture) === JSON.stringify(row.trained.model.architecture) &&
    (await again.sha256()) === (await row.trained.sha256());
  row.why ??= warnings[0];
}
let wrong = 0;
for (const { name, checked, far, again, why } of rows) {
  const isFine = checked === 'fine' && far < 1e-5 && again && !why;
  if (!isFine) wrong++;
  console.log(
    `${isFine ? 'ok  ' : 'BAD '} ${name.padEnd(44)} ${checked === 'fine' ? 'checked' : checked} ${far?.toExponential(1)} ${again ? 'same again' : 'not again'} ${why ?? ''}`,
  );
}
console.log(`${rows.length} models, ${wrong} of them wrong`);
