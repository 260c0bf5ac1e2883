/** The comparison that all values and gradients go through must itself be able to fail. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, unpack } from './golden.js';

/** The message of the comparison's failure; empty if it passes. (uvu's `throws` lets its own errors through.) */
function failure(...args: Parameters<typeof assertClose>): string {
  try {
    assertClose(...args);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

test('one element that is NaN is found wherever it stands', () => {
  for (const at of [0, 1, 2]) {
    const found = [1, 2, 3];
    found[at] = NaN;
    assert.match(
      failure(found, [1, 2, 3], 1, 'y'),
      new RegExp(`y: element ${at} is NaN, expected ${at + 1}`),
    );
  }
  assert.match(failure([Infinity, 1], [1, 1], 1, 'y'), /element 0 is Infinity/);
  assert.match(failure([0, 1], [NaN, 1], 1, 'y'), /element 0 is 0, expected NaN/);
});

test('the worst element is the one reported', () => {
  assert.match(failure([1.01, 2.2, 3.03], [1, 2, 3], 1e-3, 'y'), /y: element 1 is 2.2, expected 2/);
});

test('an error is measured against the element, or a hundredth of the largest if that is more', () => {
  assertClose([100, 1.0009], [100, 1], 1e-3, 'own size');
  assert.match(failure([100, 1.002], [100, 1], 1e-3, 'own size'), /element 1/);
  assertClose([100, 0.0009], [100, 0], 1e-3, 'a hundredth of the largest');
  assert.match(failure([100, 0.002], [100, 0], 1e-3, 'floor'), /element 1/);
});

test('arrays of other lengths are refused', () => {
  assert.match(failure([1], [1, 2], 1, 'y'), /y: length/);
  assert.match(failure([1, 2], [1], 1, 'y'), /y: length/);
});

test('stored arrays are little-endian float32', () => {
  assert.equal([...unpack('AACAPwAAAMA=')], [1, -2]);
});

test.run();
