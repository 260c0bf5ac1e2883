/** Text files: UTF-8 in pieces cut anywhere, and nothing else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { textFile } from '../../src/data/text-file.js';
import { textWindows } from '../../src/data/text.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
const utf8 = (text: string) => new TextEncoder().encode(text);

test('a file’s windows are its text’s, wherever it is cut', async () => {
  const text = 'añ€😀\nbañ€';
  const expected = textWindows(text, { length: 3 });
  for (let size = 1; size < 12; size++) {
    for (const mark of ['', '\ufeff']) {
      const { inputs, targets, vocabulary } = await textFile(pieces(utf8(mark + text), size), {
        length: 3,
      });
      assert.equal([inputs, targets], [expected.inputs, expected.targets]);
      assert.equal(vocabulary, ['\n', 'a', 'b', 'ñ', '€', '😀']);
    }
  }
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-text-'));
  try {
    await writeFile(join(folder, 'a.txt'), text);
    const { name, inputs } = await textFile(join(folder, 'a.txt'), { length: 3 });
    assert.equal([name, inputs], [join(folder, 'a.txt'), expected.inputs]);
    assert.match(
      await refusal(() => textFile(join(folder, 'b.txt'))),
      /cannot read text '.*b\.txt': there is no/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what is no UTF-8 is refused at its byte; too little and too much as well', async () => {
  const bytes = Uint8Array.from([...utf8('grün '), 0xfc, 0x62]);
  for (let size = 1; size < 9; size++)
    assert.match(
      await refusal(() => textFile(pieces(bytes, size))),
      /^'text': byte 6 is not UTF-8/,
    );
  for (const [tail, at] of [
    [[0xe2, 0x82], 6],
    [[0xed, 0xa0, 0x80], 6],
    [[0xf5, 0x80, 0x80, 0x80], 6],
    [[0xc0, 0xaf], 6],
  ] as const)
    assert.match(
      await refusal(() => textFile(pieces(Uint8Array.from([...utf8('grün '), ...tail]), 4))),
      new RegExp(`byte ${at} is not UTF-8`),
    );
  assert.match(await refusal(() => textFile(pieces(utf8(''), 1))), /^'text' is empty/);
  assert.match(await refusal(() => textFile(pieces(utf8('abc'), 1))), /no window of 64/);
  assert.match(
    await refusal(() => textFile(pieces(utf8('abcd'), 1), { length: 1, vocabulary: ['a'] })),
    /character "b" at 1 is none of the vocabulary's 1/,
  );
  assert.match(
    await refusal(() => textWindows('ab'.repeat(3e6), { length: 100 })),
    /take \d+ bytes, expected at most 2147483648\na stride of 3 or more/,
  );
});

test('damaged files are refused, or read as windows of whole characters', async () => {
  await fuzz(
    [utf8('añ€😀\nbañ€ zweiter Satz'), utf8('\ufeffText')],
    fuzzCount(10_000),
    (bytes) => textFile(pieces(bytes, 5), { length: 2 }),
    ({ inputs, vocabulary }) =>
      assert.ok(Array.from(inputs['input']!.values).every((token) => token < vocabulary.length)),
  );
});

test.run();
