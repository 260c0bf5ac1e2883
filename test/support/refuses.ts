/** Refusals of shapes: the kind of the error counts as much as its words. */
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';

/** `apply` throws a LanewiseError of kind 'shape' whose message matches. */
export function refuses(apply: () => unknown, message: RegExp): void {
  let error: unknown;
  try {
    apply();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(
    error instanceof LanewiseError,
    `expected a LanewiseError (${message}), found ${error}`,
  );
  assert.is((error as LanewiseError).kind, 'shape');
  assert.match((error as LanewiseError).message, message);
}
