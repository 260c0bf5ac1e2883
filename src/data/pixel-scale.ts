/** The check for pixels given as floats of 0 to 255 where other data counts 0 to 1. */
import { LanewiseError } from '../base/errors.js';

/** Whether the values are whole numbers in a byte's range, and not only 0 and 1. */
function areBytes(values: unknown): boolean {
  if (!(values instanceof Float32Array)) return false;
  let most = 0;
  for (const value of values) {
    if (!(value >= 0 && value <= 255 && Number.isInteger(value))) return false;
    if (value > most) most = value;
  }
  return most > 1;
}

/** @throws LanewiseError kind 'data' for floats with the values of bytes, where `whose` are bytes, which count v/255. */
export function checkScale(type: unknown, values: unknown, what: string, whose: string): void {
  if (type !== 'uint8' || !areBytes(values)) return;
  throw new LanewiseError(
    'data',
    `${what} are floats that are whole numbers up to 255, ${whose} bytes, which count 0 to 1`,
    'make bytes of them, Uint8Array.from(samples), or divide by 255',
  );
}
