/** ZIP archives that are made to be read for minutes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readZip } from '../../src/formats/zip.js';
import { zipOf } from '../support/archives.js';
import { refusal } from '../support/refusal.js';

const options = { wanted: () => true, limitBytes: 1e9 };

test('files of an archive that lie in the same bytes are refused', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `f${i + 10}`);
  const body = new Uint8Array(1000);
  const whole = Buffer.from(zipOf(Object.fromEntries(names.map((name) => [name, body]))));
  assert.is((await readZip(whole, 'a.zip', options)).size, 20);
  // The directory, each of its entries at the first one's body, behind that body alone.
  const first = whole.subarray(0, 30 + 3 + body.length);
  const rest = Buffer.from(whole.subarray(first.length * names.length));
  for (let i = 0; i < names.length; i++) rest.writeUInt32LE(0, i * 49 + 42);
  rest.writeUInt32LE(first.length, rest.length - 6);
  const overlapping = Uint8Array.from(Buffer.concat([first, rest]));
  assert.match(
    await refusal(() => readZip(overlapping, 'a.zip', options)),
    /^'a\.zip': its files would take 3000 bytes, the archive has 2035: they overlap$/,
  );
});

test.run();
