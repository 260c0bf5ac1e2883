/** The README and docs/, and the blocks of code in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Block {
  readonly file: string;
  /** What stands behind the fence, such as `js` or `console long`. */
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

/** Below `root`. */
export const documents: readonly string[] = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** All of a document, in their order. */
export function blocksOf(file: string): Block[] {
  const markdown = textOf(file);
  return [...markdown.matchAll(/^```([a-z ]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    file,
    language: match[1]!,
    text: match[2]!,
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}
