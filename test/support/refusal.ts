/** The message with which a reader refuses a file. */
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';

/** The message, and the hint behind a line break, with which `run` is refused. */
export async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, LanewiseError, String((error as Error).stack));
    const { message, hint } = error as LanewiseError;
    return hint ? `${message}\n${hint}` : message;
  }
  throw new Error('nothing was refused');
}
