#!/usr/bin/env bash
# onnxruntime-web 1.30.0 (Wasm): ReduceMean over one long axis adds one float32 after another, so the sum of ones stops
# at 2^24 and the mean of 2^25 ones is 0.5. onnxruntime-node 1.30.0 answers 1. A global pooling exported as ReduceMean, or
# a loss averaged over many values, drifts long before: compare such nets with another reference than this one.
# Seen 2026-11-29 on Node 20.20.2, x86-64: node 2^24: 1, 2^25: 1; web 2^24: 1, 2^25: 0.5
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-node@1.30.0 onnxruntime-web@1.30.0
cat > run.js <<'JS'
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';

// ModelProto { ir_version 8, opset 17, graph { y = ReduceMean(x, keepdims = 0) } }, as protobuf bytes.
const part = (id, bytes) => [(id << 3) | 2, bytes.length, ...bytes];
const words = (id, string) => part(id, [...Buffer.from(string)]);
const float = [8, 1];
const input = [...words(1, 'x'), ...part(2, part(1, [...float, ...part(2, part(1, words(2, 'n')))]))];
const output = [...words(1, 'y'), ...part(2, part(1, [...float, ...part(2, [])]))];
const keepDims = [...words(1, 'keepdims'), 3 << 3, 0, 0xa0, 0x01, 2];
const op = [...words(1, 'x'), ...words(2, 'y'), ...words(4, 'ReduceMean'), ...part(5, keepDims)];
const graph = [...part(1, op), ...words(2, 'g'), ...part(11, input), ...part(12, output)];
const model = Uint8Array.from([8, 8, ...part(7, graph), ...part(8, [2 << 3, 17])]);
const seen = {};
for (const [name, { InferenceSession, Tensor }] of Object.entries({ node, web })) {
  const session = await InferenceSession.create(model);
  for (const power of [24, 25]) {
    const ones = new Float32Array(2 ** power).fill(1);
    const { y } = await session.run({ x: new Tensor('float32', ones, [ones.length]) });
    seen[`${name} 2^${power}`] = y.data[0];
  }
}
console.log(seen);
const isAsSeen = JSON.stringify(Object.values(seen)) === '[1,1,1,0.5]';
console.log(isAsSeen ? 'as seen' : 'CHANGED');
process.exit(isAsSeen ? 0 : 1);
JS
node run.js
