#!/usr/bin/env bash
# @jsquash/jpeg 1.6.0 (mozjpeg as Wasm) gives the pixels of libjpeg-turbo's djpeg for JPEGs of 4:4:4, 4:2:2 and 4:2:0,
# but not for 4:4:0, chroma halved in height alone, which cameras and lossless rotations of 4:2:2 write: there it
# repeats rows where libjpeg-turbo blends them, and values differ by up to 2. Pillow and torchvision read as
# libjpeg-turbo does. Needs cjpeg and djpeg (Debian: libjpeg-turbo-progs).
# Seen 2026-11-29 with libjpeg-turbo 2.1.5: largest difference 0, 0, 0 and 2 (of 4:4:0: 1470 of 12288 values).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent @jsquash/jpeg@1.6.0
cat > run.js <<'JS'
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import createDecoder from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';

const size = 64;
const pixels = Buffer.from(
  Array.from({ length: size * size }, (_, i) => [i % size, Math.floor(i / size)]).flatMap(([x, y]) => [
    x * 4, y * 4, ((x + y) * 8) % 256,
  ]),
);
writeFileSync('a.ppm', Buffer.concat([Buffer.from(`P6\n${size} ${size}\n255\n`), pixels]));
const wasmBinary = readFileSync('node_modules/@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
const decoder = await createDecoder({ wasmBinary });
const seen = {};
for (const sampling of ['1x1', '2x1', '2x2', '1x2']) {
  execFileSync('cjpeg', ['-quality', '90', '-sample', sampling, '-outfile', 'a.jpg', 'a.ppm']);
  const expected = execFileSync('djpeg', ['-ppm', 'a.jpg']).subarray(-pixels.length);
  const { data } = await decoder.decode(readFileSync('a.jpg'), true);
  const differences = [...expected].map((v, i) => Math.abs(v - data[Math.floor(i / 3) * 4 + (i % 3)]));
  seen[sampling] = Math.max(...differences);
}
console.log('largest difference by sampling of chroma:', seen);
const isAsSeen = JSON.stringify(seen) === '{"1x1":0,"2x1":0,"2x2":0,"1x2":2}';
console.log(isAsSeen ? 'as seen' : 'CHANGED');
process.exit(isAsSeen ? 0 : 1);
JS
node run.js 2>&1 | tail -n 5
