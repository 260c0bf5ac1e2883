/** JSON values changed in one place. */

/** A value in another place, or of another kind: what a file from outside may hold. */
export const STRANGE: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  1e300,
  '',
  'x',
  [],
  {},
  [null],
  [[]],
  true,
  2 ** 40,
];

/** Every value with one place of it changed. */
export function* mutations(value: unknown): Generator<unknown> {
  for (const strange of STRANGE) yield strange;
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    const set = (one: unknown): unknown =>
      Array.isArray(value)
        ? value.map((old: unknown, i) => (String(i) === key ? one : old))
        : { ...value, [key]: one };
    for (const one of mutations((value as Record<string, unknown>)[key])) yield set(one);
    if (Array.isArray(value)) yield value.filter((_, i) => String(i) !== key);
    else {
      const { [key]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
    }
  }
}
