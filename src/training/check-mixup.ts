/** The setting `mixup`. */
import { LanewiseError, show } from '../errors.js';
import type { Model } from '../layers/index.js';
import type { Mixup } from '../parallel/mixup.js';
import { checkPresent } from './checks.js';

/** Beyond these a share is 0 or 1, or ½, as far as one can see. */
const [LEAST, MOST] = [0.001, 1000];

/** @throws LanewiseError kind 'argument' for an alpha out of range, and for inputs that cannot be blended. */
export function checkMixup(model: Model, mixup: Mixup): Mixup {
  checkPresent('mixup', mixup, 'an object with alpha');
  const { alpha } = mixup;
  const unknown = Object.keys(mixup).find((name) => name !== 'alpha');
  if (unknown !== undefined)
    throw new LanewiseError('argument', `mixup has no setting '${unknown}', expected alpha`);
  if (typeof alpha !== 'number' || !(alpha >= LEAST && alpha <= MOST)) {
    throw new LanewiseError(
      'argument',
      `mixup alpha is ${show(alpha)}, expected a number from ${LEAST} to ${MOST}`,
    );
  }
  const whole = Object.entries(model.architecture.inputs).find(
    ([, { vocabulary }]) => vocabulary !== undefined,
  );
  if (!whole) return { alpha };
  throw new LanewiseError(
    'argument',
    `mixup blends samples, and the model’s input '${whole[0]}' takes whole numbers below ${whole[1].vocabulary}`,
  );
}
