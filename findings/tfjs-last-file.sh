#!/usr/bin/env bash
# TensorFlow.js 4.22.0: a layers model whose weights are in two files of 20 and 40 bytes loads without an error, and weights that
# begin past byte 40 are zeros; as one file, or as 40 and 20 bytes, they are right. Files of one group are one run of bytes
# and may have any sizes, but where all of them but the last have one size, the file of a byte is its place divided by
# that size, which is past the end of the list. Compare predictions with those from before saving.
# Seen 2026-11-30 on Node 20.20.2, x86-64: biases 13 14 15 are 0 0 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "commonjs" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent @tensorflow/tfjs@4.22.0
cat > run.js <<'JS'
const tf = require('@tensorflow/tfjs');

/** A dense layer's weights, 4×3 and 3, saved as files of these sizes and loaded again. */
async function reloaded(sizes) {
  const layer = tf.layers.dense({ units: 3, inputShape: [4] });
  const model = tf.sequential({ layers: [layer] });
  model.setWeights([tf.range(1, 13).reshape([4, 3]), tf.tensor1d([13, 14, 15])]);
  let saved;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: {} };
    }),
  );
  const bytes = Buffer.from(saved.weightData);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  const files = Object.fromEntries(
    sizes.map((size, i) => [`${i}.bin`, bytes.subarray(starts[i], starts[i] + size)]),
  );
  const { modelTopology, weightSpecs } = saved;
  const weightsManifest = [{ paths: Object.keys(files), weights: weightSpecs }];
  files['model.json'] = JSON.stringify({ modelTopology, weightsManifest });
  const fetchFunc = async (url) => new Response(files[url.split('/').pop()]);
  const loaded = await tf.loadLayersModel('http://localhost/model.json', { fetchFunc });
  return loaded.getWeights().flatMap((weight) => Array.from(weight.dataSync()));
}

(async () => {
  const seen = [];
  for (const sizes of [[60], [40, 20], [20, 40]]) {
    const values = await reloaded(sizes);
    console.log(`${sizes.join(' + ')} bytes: ${values.join(' ')}`);
    seen.push(values.slice(12).join(' '));
  }
  const isAsSeen = seen.join() === '13 14 15,13 14 15,0 0 0';
  console.log(isAsSeen ? 'as seen' : 'CHANGED');
  process.exit(isAsSeen ? 0 : 1);
})();
JS
node run.js
