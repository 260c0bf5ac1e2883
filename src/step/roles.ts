/** The role of each parameter in a run: trained in some group, or unchanged. */
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { checkMatch, matches } from '../optimizers/names.js';
import type { ParameterRoles } from './parameters.js';
import type { UpdateRequest } from './update.js';

/**
 * Resolves names in the settings for a model; `untouched` are parameters that the loss does not depend on, which keep
 * their values.
 * @throws LanewiseError kind 'argument' for a name that matches nothing, or if nothing remains to be trained.
 */
export function rolesOf(
  { parameters }: Model,
  { optimizer, freeze = [] }: Pick<UpdateRequest, 'optimizer' | 'freeze'>,
  untouched: ReadonlySet<string> = new Set(),
): ParameterRoles {
  const all = parameters.map(({ name }) => name);
  const trained = parameters.filter(({ role }) => role === 'trained').map(({ name }) => name);
  const groups = optimizer.groups ?? [];
  freeze.forEach((pattern) => checkMatch('freeze', pattern, all));
  groups.forEach(({ match }) => checkMatch('parameter group', match, trained));
  const isFrozen = (name: string) =>
    untouched.has(name) || freeze.some((pattern) => matches(pattern, name));
  if (trained.length > 0 && trained.every(isFrozen)) {
    throw new LanewiseError(
      'argument',
      freeze.length > 0
        ? 'freeze: every parameter is frozen, nothing is left to train'
        : 'the loss depends on no parameter, nothing is left to train',
    );
  }
  return {
    isFrozen,
    groupOf: (name) => groups.findIndex(({ match }) => matches(match, name)) + 1,
  };
}
