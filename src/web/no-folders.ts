/** What would keep a run in a folder. */
import { LanewiseError } from '../base/errors.js';

/** @throws LanewiseError kind 'platform'. */
export function openRecording(): never {
  throw new LanewiseError(
    'platform',
    'train: folder is given, and there is no file system here',
    'leave it out: what happens is told all the same, and encodeModel gives the bytes of the model',
  );
}
