/** From the names of a file's tensors to a model's: what the other program called the layers. */
import { LanewiseError, nearest, show } from '../errors.js';

/**
 * A function of the file's name, or a table of names in the file, or of what they begin with up to a dot:
 * `{ 'features.0': 'conv1', classifier: 'fc' }` makes `features.0.weight` `conv1.weight`. In a table the longest
 * that fits counts (without its stars), `*` stands for one part between dots and is filled in on the other side:
 * `'layer*.conv1': 'stage*.a'`. `null` leaves the tensor out. What is in no table keeps its name.
 */
export type NameMap = Readonly<Record<string, string | null>> | ((name: string) => string | null);

/** A row of a table: what it says of a tensor; undefined if nothing. */
interface Rule {
  readonly from: string;
  apply(name: string): string | null | undefined;
}

const parts = (pattern: string): string[] =>
  pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));

function ruleOf([from, to]: readonly [string, string | null]): Rule {
  const stars = (text: string) => text.split('*').length - 1;
  if (to !== null && (typeof to !== 'string' || stars(to) > stars(from))) {
    throw new LanewiseError(
      'argument',
      `names: '${from}' becomes ${typeof to === 'string' ? `'${to}', with more stars than it has` : show(to)}, expected a name or null`,
    );
  }
  const pattern = new RegExp(`^${parts(from).join('([^.]*)')}(?=\\.|$)`);
  return {
    from,
    apply(name) {
      const found = pattern.exec(name);
      if (!found || to === null) return found ? null : undefined;
      let star = 0;
      return to.replaceAll('*', () => found[++star]!) + name.slice(found[0].length);
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
    const to: unknown = rename(name);
    if (to === null) continue;
    if (typeof to !== 'string') {
      throw new LanewiseError(
        'argument',
        `names: '${name}' becomes ${show(to)}, expected a name or null`,
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
  return found;
}

function tableOf(
  names: Readonly<Record<string, string | null>>,
  known: readonly string[],
): (name: string) => string | null {
  if (typeof names !== 'object' || names === null || Array.isArray(names)) {
    throw new LanewiseError('argument', `names are ${show(names)}, expected a table or a function`);
  }
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
