#!/usr/bin/env bash
# fzstd 0.1.1 unpacks zstandard data of two frames, which RFC 8878 allows ("one or more frames", section 3.1), to both
# frames' contents; but given an output buffer of the right size, which its documentation recommends for such data, it
# throws a RangeError: the length of what it joins stays 0. hyparquet-compressors 1.1.2 unpacks Parquet's pages with it.
# Seen 2026-11-30 with Node 20.20.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' > package.json
npm install --ignore-scripts --no-audit --no-fund --silent fzstd@0.1.1
cat > run.js <<'JS'
import { decompress } from 'fzstd';

/** A frame with one block as it is: magic, single segment with a length of one byte, the block's header, its bytes. */
const frame = (text) => {
  const header = (text.length << 3) | 1;
  return [0x28, 0xb5, 0x2f, 0xfd, 0x20, text.length, header & 255, header >> 8, 0, ...Buffer.from(text)];
};
const bytes = Uint8Array.from([...frame('one '), ...frame('two')]);
const text = (unpacked) => Buffer.from(unpacked).toString();
const seen = { without: text(decompress(bytes)) };
try {
  seen.buffer = text(decompress(bytes, new Uint8Array(7)));
} catch (error) {
  seen.buffer = error.name;
}
console.log('two frames, without a buffer and with one of 7 bytes:', seen);
const isAsSeen = JSON.stringify(seen) === '{"without":"one two","buffer":"RangeError"}';
console.log(isAsSeen ? 'as seen' : 'CHANGED');
process.exit(isAsSeen ? 0 : 1);
JS
node run.js 2>&1 | tail -n 5
