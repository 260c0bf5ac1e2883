/** The refusal of run folders, where there is no file system. */
import { LanewiseError } from '../base/errors.js';

/** @throws LanewiseError kind 'platform'. */
export function openRecording(): never {
  throw new LanewiseError(
    'platform',
    'train: folder is given, and there is no file system here',
    'leave it out: callbacks report the events, and encodeModel gives the bytes of the model',
  );
}
