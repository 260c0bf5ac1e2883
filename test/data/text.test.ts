/** Text as tokens and windows: what follows is the target, code points stay whole, misfits are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDataset, samplesOf } from '../../src/data/forms.js';
import { decodeText, encodeText, textWindows, vocabularyOf } from '../../src/data/text.js';
import { LanewiseError } from '../../src/base/errors.js';

const refuses = (run: () => unknown, kind: string, message: RegExp) =>
  assert.throws(run, (error: unknown) => {
    assert.instance(error, LanewiseError);
    assert.is((error as LanewiseError).kind, kind);
    assert.match((error as LanewiseError).message, message);
    return true;
  });

test('the vocabulary is every character once, in order; a code point is one character', () => {
  const text = 'b𝄞a\nbé𝄞';
  const vocabulary = vocabularyOf(text);
  assert.equal(vocabulary, ['\n', 'a', 'b', 'é', '𝄞']);
  const tokens = encodeText(text, vocabulary);
  assert.equal([...tokens], [2, 4, 1, 0, 2, 3, 4]);
  assert.is(decodeText(tokens, vocabulary), text);
});

test('windows begin every stride, and targets are the characters that follow', () => {
  const vocabulary = [...'abcdefgh'];
  const rows = (stride: number) => {
    const data = checkDataset(textWindows('abcdefgh', { length: 3, stride, vocabulary }));
    const cut = (values: ArrayLike<number>) =>
      decodeText(values, vocabulary).match(/.{3}/g)!.join(' ');
    assert.equal(data.inputs['input']!.shape, [3]);
    return [
      samplesOf(data).count,
      cut(data.inputs['input']!.values),
      cut(data.targets['output']!.values),
    ] as const;
  };
  assert.equal(rows(1), [5, 'abc bcd cde def efg', 'bcd cde def efg fgh']);
  assert.equal(rows(3), [2, 'abc def', 'bcd efg']);
  assert.equal(rows(4), [2, 'abc efg', 'bcd fgh']);
  assert.equal(rows(9), [1, 'abc', 'bcd']);
  // As short as can be: one window.
  assert.is(samplesOf(textWindows('abcd', { length: 3 })).count, 1);
});

test('what cannot be is refused', () => {
  refuses(() => vocabularyOf(''), 'data', /an empty text has no vocabulary/);
  refuses(() => encodeText('ab!', ['a', 'b']), 'data', /character "!" at 2 is none of .* 2/);
  refuses(() => decodeText([0, 2], ['a', 'b']), 'data', /token 2 at 1 is not below .* 2/);
  refuses(() => decodeText([-1], ['a', 'b']), 'data', /token -1 at 0/);
  refuses(
    () => textWindows('abc', { length: 3 }),
    'data',
    /a text of 3 characters has no window of 3, expected at least 4/,
  );
  refuses(() => textWindows('abc', { length: 0 }), 'argument', /textWindows: length is 0/);
  refuses(() => textWindows('abc', { length: 1, stride: 0.5 }), 'argument', /stride is 0.5/);
});

test.run();
