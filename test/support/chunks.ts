/** The files of a bundle that are loaded at once. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The texts of a script and of everything that it imports statically, within the bundle. */
export function closure(path: string, seen = new Map<string, string>()): string[] {
  if (seen.has(path)) return [];
  const text = readFileSync(path, 'utf8');
  seen.set(path, text);
  for (const [, other] of text.matchAll(
    /(?:^|[;\n}])(?:import|export)\s*(?:[^'"();]*?from\s*)?["'](\.[^"']+)["']/g,
  ))
    closure(join(dirname(path), other!), seen);
  return [...seen.values()];
}
