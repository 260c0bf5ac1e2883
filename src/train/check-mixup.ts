/** The check of the setting `mixup`. */
import { checkKeys, numberFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { Mixup } from '../feed/mixup.js';
import { checkPresent } from '../trained/check-weights.js';

/** Beyond these, a share is 0, 1 or ½ for all that one can see. */
const [LEAST, MOST] = [0.001, 1000];

/** @throws LanewiseError kind 'argument' for an alpha out of range, and for inputs that cannot be blended. */
export function checkMixup(owner: string, name: string, value: unknown, model: Model): void {
  checkPresent(name, value, 'an object with alpha');
  checkKeys(name, value as Mixup, ['alpha']);
  numberFrom(LEAST, MOST)(name, 'alpha', (value as Mixup).alpha);
  const whole = Object.entries(model.architecture.inputs).find(
    ([, { vocabulary }]) => vocabulary !== undefined,
  );
  if (!whole) return;
  throw new LanewiseError(
    'argument',
    `${owner}: mixup blends samples, and the model’s input '${whole[0]}' takes whole numbers below ${whole[1].vocabulary}`,
  );
}
