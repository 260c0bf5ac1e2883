#!/usr/bin/env bash
# onnxruntime-node and onnxruntime-web 1.30.0: Sigmoid of float32 is computed by a rational approximation that is exactly 0
# from -18 down (node) and from -17.5 down (web), where the function is 1.5e-8 and falls to 1e-38 only at -87. Whoever
# exports a net that ends in a sigmoid and takes the logarithm of its output, as a binary cross-entropy does, gets
# -Infinity. Way out: export the logits.
# Seen 2026-11-29 on Node 20.20.2, x86-64:
#   node: -10 4.539e-5  -15 3.576e-7  -17 8.941e-8  -18 0  -30 0
#   web:  -10 4.542e-5  -15 3.576e-7  -17 2.980e-8  -18 0  -30 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-node@1.30.0 onnxruntime-web@1.30.0
cat > run.js <<'JS'
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';

// A model file by hand: protobuf fields of ModelProto { ir_version 8, opset 17, graph { y = Sigmoid(x) } }.
const field = (number, ...bytes) => [(number << 3) | 2, bytes.length, ...bytes];
const number = (at, value) => [at << 3, value];
const text = (at, value) => field(at, ...Buffer.from(value));
const tensor = (name) => [
  ...text(1, name),
  ...field(2, ...field(1, ...number(1, 1), ...field(2, ...field(1, ...text(2, 'n'))))),
];
const graph = [
  ...field(1, ...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Sigmoid')),
  ...text(2, 'g'),
  ...field(11, ...tensor('x')),
  ...field(12, ...tensor('y')),
];
const model = Uint8Array.from([...number(1, 8), ...field(7, ...graph), ...field(8, ...number(2, 17))]);
const xs = Float32Array.of(-10, -15, -17, -18, -30);
let isAsSeen = true;
for (const [name, { InferenceSession, Tensor }] of Object.entries({ node, web })) {
  const session = await InferenceSession.create(model);
  const { y } = await session.run({ x: new Tensor('float32', xs, [xs.length]) });
  console.log(`${name}:`, [...xs].map((x, i) => `${x} ${y.data[i].toExponential(3)}`).join('  '));
  isAsSeen &&= y.data[1] > 0 && y.data[2] > 0 && y.data[3] === 0 && y.data[4] === 0;
}
console.log('exact:', [...xs].map((x) => `${x} ${(1 / (1 + Math.exp(-x))).toExponential(3)}`).join('  '));
console.log(isAsSeen ? 'as seen' : 'CHANGED');
process.exit(isAsSeen ? 0 : 1);
JS
node run.js
