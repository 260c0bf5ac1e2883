/** From the names of a file's tensors to a model's: what the other program called the layers. */
import { isObject } from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';

/**
 * A function of the file's name, or a table of names in the file, or of what they begin with up to a dot:
 * `{ 'features.0': 'conv1', classifier: 'fc' }` makes `features.0.weight` `conv1.weight`. In a table the longest
 * that fits counts (without its stars), `*` stands for one part between dots and is filled in on the other side:
 * `'layer*.conv1': 'stage*.a'`. `''` takes what a name begins with off (`{ module: '' }`) or, on the left, puts something
 * before every name. A list gives one tensor several names, as tied ones have. `null` leaves the tensor out. What is in no
 * table keeps its name.
 */
export type NameMap =
  | Readonly<Record<string, string | readonly string[] | null>>
  | ((name: string) => string | readonly string[] | null);

/** A row of a table: what it says of a tensor; undefined if nothing. */
interface Rule {
  readonly from: string;
  apply(name: string): string | readonly string[] | null | undefined;
}

const parts = (pattern: string): string[] =>
  pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));

/** `module.` means `module`. */
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
 * The tensors under their names in the model; what is left out is absent.
 * @throws LanewiseError kind 'argument' for a row of a table that fits no tensor, answers that are no names, and
 * two tensors of one name.
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
