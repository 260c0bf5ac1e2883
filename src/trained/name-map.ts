/** A map from the names of a file's tensors, as another program chose them, to a model's. */
import { isObject } from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';

/**
 * A function of the file's name, or a table from names in the file, or their beginnings up to a dot, to the model's:
 * `{ 'features.0': 'conv1', classifier: 'fc' }` turns `features.0.weight` into `conv1.weight`. The longest entry that fits
 * counts (without its stars). `*` stands for one part between dots and is filled in on the other side:
 * `'layer*.conv1': 'stage*.a'`. `''` removes a beginning (`{ module: '' }`) or, as a key, is put before every name. A list
 * gives one tensor several names, as tied weights have. `null` leaves the tensor out. Names that the table does not
 * mention stay.
 */
export type NameMap =
  | Readonly<Record<string, string | readonly string[] | null>>
  | ((name: string) => string | readonly string[] | null);

/** A table's entry: the new name of a tensor, or undefined if it does not apply. */
interface Rule {
  readonly from: string;
  apply(name: string): string | readonly string[] | null | undefined;
}

const parts = (pattern: string): string[] =>
  pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));

/** The text without a trailing dot: `module.` means `module`. */
const withoutDot = (text: string): string => text.replace(/\.$/, '');

function ruleOf([given, to]: readonly [string, string | readonly string[] | null]): Rule {
  const from = withoutDot(given);
  if (Array.isArray(to)) {
    const rules = to.map((one: string) => ruleOf([from, one]));
    return {
      from,
      apply(name) {
        const found = rules.map((rule) => rule.apply(name));
        return found[0] === undefined ? undefined : (found as string[]);
      },
    };
  }
  const stars = (text: string) => text.split('*').length - 1;
  if (to !== null && (typeof to !== 'string' || stars(to) > stars(from))) {
    throw new LanewiseError(
      'argument',
      `names: '${from}' becomes ${typeof to === 'string' ? `'${to}', with more stars than it has` : show(to)}, expected a name or null`,
    );
  }
  const wanted = typeof to === 'string' ? withoutDot(to) : null;
  if (from === '') return { from, apply: (name) => wanted && `${wanted}.${name}` };
  const pattern = new RegExp(`^${parts(from).join('([^.]*)')}(?=\\.|$)`);
  return {
    from,
    apply(name) {
      const found = pattern.exec(name);
      if (!found || wanted === null) return found ? null : undefined;
      let star = 0;
      const rest = name.slice(found[0].length);
      return wanted === '' ? rest.slice(1) : wanted.replaceAll('*', () => found[++star]!) + rest;
    },
  };
}

/**
 * The tensors under their names in the model, without those left out.
 * @throws LanewiseError kind 'argument' for an entry that fits no tensor, results that are not names, and two tensors
 * with the same name.
 */
export function renamed<T>(tensors: ReadonlyMap<string, T>, names: NameMap = {}): Map<string, T> {
  const rename = typeof names === 'function' ? names : tableOf(names, [...tensors.keys()]);
  const found = new Map<string, T>();
  const before = new Map<string, string>();
  for (const [name, tensor] of tensors) {
    const answer: unknown = rename(name);
    if (answer === null) continue;
    for (const to of Array.isArray(answer) ? (answer as unknown[]) : [answer]) {
      if (typeof to !== 'string' || to === '') {
        throw new LanewiseError(
          'argument',
          `names: '${name}' becomes ${to === '' ? "''" : show(to)}, expected a name or null`,
        );
      }
      if (found.has(to)) {
        throw new LanewiseError(
          'argument',
          `names: '${before.get(to)}' and '${name}' both become '${to}'`,
        );
      }
      found.set(to, tensor);
      before.set(to, name);
    }
  }
  return found;
}

function tableOf(
  names: Readonly<Record<string, string | readonly string[] | null>>,
  known: readonly string[],
): (name: string) => string | readonly string[] | null {
  if (!isObject(names))
    throw new LanewiseError('argument', `names are ${show(names)}, expected a table or a function`);
  // The longest first, not counting stars.
  const length = ({ from }: Rule) => from.replaceAll('*', '').length;
  const rules = Object.entries(names)
    .map(ruleOf)
    .toSorted((a, b) => length(b) - length(a));
  const idle = rules.find(({ apply }) => known.every((name) => apply(name) === undefined));
  if (idle) {
    const prefixes = known.flatMap((name) =>
      name.split('.').map((_, i, all) => all.slice(0, i + 1).join('.')),
    );
    throw new LanewiseError(
      'argument',
      `names: the file has no tensor '${idle.from}'`,
      nearest(idle.from, [...new Set(prefixes)]),
    );
  }
  return (name) => {
    for (const { apply } of rules) {
      const to = apply(name);
      if (to !== undefined) return to;
    }
    return name;
  };
}
