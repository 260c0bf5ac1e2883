/** Prefixes that wrappers put before a model's names, found where the model's own names are the rest. */

/** Parts that wrappers of a module insert between dots, at any depth. */
const WRAPPERS =
  /(^|\.)(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/g;

/** How the file's names become the model's, and a sentence about it. */
export interface Prefix {
  readonly said: string;
  rename(name: string): string;
}

/** The prefixes, up to a dot, that all names share: none, `a.`, `a.b.`, …. */
function sharedPrefixes(names: readonly string[]): string[] {
  const found = [''];
  for (;;) {
    const last = found.at(-1)!;
    const dot = names[0]?.indexOf('.', last.length) ?? -1;
    const next = names[0]?.slice(0, dot + 1);
    if (dot < 0 || !names.every((name) => name.startsWith(next!))) return found;
    found.push(next!);
  }
}

const unwrapped = (name: string): string => name.replace(WRAPPERS, '').replace(/^\./, '');

/**
 * How a file's `names` become those that a model needs: without wrappers' parts, if more of them fit then. If none fits,
 * a first part that all of them share is removed, one that all of the model's share is added, or both. Undefined if the
 * names fit as they are, or in none of these ways.
 */
export function findPrefix(
  names: readonly string[],
  needed: ReadonlySet<string>,
): Prefix | undefined {
  const fitting = (rename: (name: string) => string): number => {
    const found = new Set(names.map(rename));
    return found.size < names.length ? 0 : [...found].filter((name) => needed.has(name)).length;
  };
  const now = fitting((name) => name);
  if (fitting(unwrapped) > now) {
    const wrapped = names.find((name) => unwrapped(name) !== name)!;
    return {
      said: `names such as '${wrapped}' are those of a wrapped model, taken as '${unwrapped(wrapped)}'`,
      rename: unwrapped,
    };
  }
  if (now > 0) return undefined;
  let best: { count: number; prefix?: Prefix } = { count: 0 };
  for (const [plain, before] of [
    [(name: string) => name, ''],
    [unwrapped, 'without what wrappers add, '],
  ] as const) {
    for (const off of sharedPrefixes(names.map(plain))) {
      for (const on of sharedPrefixes([...needed])) {
        const rename = (name: string): string => {
          const bare = plain(name);
          return on + (bare.startsWith(off) ? bare.slice(off.length) : bare);
        };
        const count = fitting(rename);
        if (count <= best.count) continue;
        const said = [
          ...(off ? [`all names begin with '${off}', which the model's lack`] : []),
          ...(on ? [`the model's names begin with '${on}', which the file's lack`] : []),
        ].join('; ');
        best = { count, prefix: { said: before + said, rename } };
      }
    }
  }
  return best.prefix;
}
