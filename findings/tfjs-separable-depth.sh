#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: a layers model with separableConv2d({ depthMultiplier: 2 }) is saved without the setting, so that
# tfjs cannot load its own file: the kernel has two filters a channel, and the layer is built with one. depthwiseConv2d keeps
# it. Way out: write "depth_multiplier" into model.json, or take it from the kernel's last extent, as Lanewise does.
# Seen 2026-11-30 on Node 20.20.2, x86-64:
#   separableConv2d: depth_multiplier undefined, kernel 3,3,3,2: Shape mismatch: [3,3,3,1] vs. [3,3,3,2]
#   depthwiseConv2d: depth_multiplier 2, kernel 3,3,3,2: loaded
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent @tensorflow/tfjs@4.22.0
cat > run.cjs <<'JS'
console.warn = () => {};
const tf = require('@tensorflow/tfjs');
async function saveAndLoad(kind) {
  const layer = tf.layers[kind]({ inputShape: [5, 5, 3], filters: 2, kernelSize: 3, depthMultiplier: 2 });
  const model = tf.sequential({ layers: [layer] });
  let saved;
  await model.save(tf.io.withSaveHandler(async (artifacts) => ((saved = artifacts), { modelArtifactsInfo: {} })));
  const setting = saved.modelTopology.config.layers[0].config.depth_multiplier;
  const end = await tf.loadLayersModel(tf.io.fromMemory(saved)).then(() => 'loaded', (error) => error.message);
  console.log(`${kind}: depth_multiplier ${setting}, kernel ${saved.weightSpecs[0].shape}: ${end}`);
  return end;
}
(async () => {
  const ends = [await saveAndLoad('separableConv2d'), await saveAndLoad('depthwiseConv2d')];
  const isAsSeen = ends[0].includes('Shape mismatch') && ends[1] === 'loaded';
  console.log(isAsSeen ? 'as seen' : 'CHANGED');
  process.exit(isAsSeen ? 0 : 1);
})();
JS
node run.cjs
