// Makes namespaces of a bundle (`transforms.…`) removable: esbuild fills a namespace in a call that other bundlers
// must keep, and with it everything in the namespace. This marks the call as one that may be left out.

import { readFileSync } from 'node:fs';

const HELPER = /^(var __export = \(target, all\) => \{\n(?:.*\n){2})\};$/m;
const NAMESPACE = /^var (\w+) = \{\};\n__export\(\1, /gm;

/** A bundle's text with such calls; no line moves, so its source map stays right. @throws if esbuild writes otherwise. */
export function shakeable(text) {
  if (!HELPER.test(text)) throw new Error('esbuild’s __export is not what it was');
  return text
    .replace(HELPER, '$1  return target; };')
    .replace(NAMESPACE, 'var $1 =\n/* @__PURE__ */ __export({}, ');
}

const LAZY = /await import\('([.#][^']+)'\)/g;

/**
 * An esbuild plugin for a bundle of one file, in which nothing loads later than the rest: modules that are begun
 * later would be wrapped in functions, they and all that they import, and no bundler looks into those.
 */
export const allAtOnce = {
  name: 'all at once',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const paths = [...text.matchAll(LAZY)].map(([, from]) => from);
      if (paths.length === 0) return undefined;
      let used = 0;
      const contents = text.replace(LAZY, () => `lazy${used++}`);
      const imports = paths.map((from, i) => `import * as lazy${i} from '${from}';`);
      return { contents: `${imports.join('')}${contents}`, loader: 'ts' };
    });
  },
};
