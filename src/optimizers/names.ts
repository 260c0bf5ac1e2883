/** Patterns for parameter names, by which settings choose parameters. */
import { refuse, type Check } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';

/**
 * A name or its beginning or end up to a dot (`conv1` and `weight` both mean `conv1.weight`), a glob in which `*`
 * stands for anything (`layer1.*`, `*.bias`), or a regular expression.
 */
export type Pattern = string | RegExp;

/** A check for patterns. */
export const parameterPattern: Check = (owner, name, value) => {
  if (typeof value !== 'string' && !(value instanceof RegExp))
    refuse(owner, name, value, 'a name, a glob or a regular expression');
};

export const describePattern = (pattern: Pattern): string =>
  typeof pattern === 'string' ? pattern : String(pattern);

export function matches(pattern: Pattern, name: string): boolean {
  if (typeof pattern !== 'string') return name.search(pattern) >= 0;
  if (!pattern.includes('*'))
    return name === pattern || name.startsWith(`${pattern}.`) || name.endsWith(`.${pattern}`);
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's').test(name);
}

/**
 * @throws LanewiseError kind 'argument' unless the pattern is valid and matches a name; the message has the nearest name.
 * `setting` is the setting with the pattern.
 */
export function checkMatch(setting: string, pattern: Pattern, names: readonly string[]): void {
  parameterPattern(setting, 'pattern', pattern);
  if (names.some((name) => matches(pattern, name))) return;
  const prefixes = names.flatMap((name) => {
    const parts = name.split('.');
    return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
  });
  throw new LanewiseError(
    'argument',
    `${setting}: '${describePattern(pattern)}' matches no parameter`,
    nearest(describePattern(pattern), [...new Set(prefixes)]),
  );
}
