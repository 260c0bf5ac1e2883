/** Every public name has a doc comment, and every function that a public interface holds: editors show them. */
// slow: packs the package
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, unpack } from './packed.js';

interface Declaration {
  readonly file: string;
  readonly name: string;
  /** Its line in the file, and the lines of its body, an interface's members among them. */
  readonly line: number;
  readonly body: readonly string[];
  readonly isDocumented: boolean;
}

interface File {
  readonly declarations: readonly Declaration[];
  /** Public name of the names that it exports from others, by that file: `*` for all. */
  readonly exported: readonly { readonly from: string; readonly names: readonly string[] | '*' }[];
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:function|const|class|interface|type) (\w+)/;

const isCommentEnd = (line: string | undefined): boolean => /\*\/\s*$/.test(line ?? '');

/** tsc writes declarations in one style: at the line's start, its members four spaces in, comments above. */
async function readDeclarations(file: string): Promise<File> {
  const text = await readFile(file, 'utf8');
  const lines = text.split('\n');
  const declarations = lines.flatMap((line, i) => {
    const name = DECLARATION.exec(line)?.[1];
    if (name === undefined) return [];
    const length = lines.slice(i).findIndex((each) => /^\}|^export .*;$/.test(each));
    const body = lines.slice(i + 1, i + length);
    return [{ file, name, line: i + 1, body, isDocumented: isCommentEnd(lines[i - 1]) }];
  });
  // `export declare const add: typeof all.add`: what it is said of `add` there is said of it here.
  const aliases = [...text.matchAll(/^export declare const (\w+): typeof (\w+)\.\1;/gm)].flatMap(
    ([, name, space]) => {
      const path = new RegExp(`^import \\* as ${space} from '([^']+)\\.js'`, 'm').exec(text)?.[1];
      return path === undefined ? [] : [{ from: join(file, '..', `${path}.d.ts`), names: [name!] }];
    },
  );
  const exported = [
    ...text.matchAll(/^export (?:type )?(?:\{([^}]*)\}|\*(?: as \w+)?) from '([^']+)\.js'/gm),
  ].map(([, names, path]) => ({
    from: join(file, '..', `${path}.d.ts`),
    names:
      names === undefined
        ? ('*' as const)
        : names
            .split(',')
            .map((name) => /(?:type )?(\w+)/.exec(name)?.[1])
            .filter((name) => name !== undefined),
  }));
  return {
    declarations: declarations.filter(
      ({ name }) => !aliases.some(({ names }) => names[0] === name),
    ),
    exported: [...exported, ...aliases],
  };
}

/** What `file` exports by these names, followed to where it is declared. */
async function publicDeclarations(
  file: string,
  names: readonly string[] | '*' = '*',
): Promise<Declaration[]> {
  const { declarations, exported } = await readDeclarations(file);
  const wanted = (name: string): boolean => names === '*' || names.includes(name);
  const inner = await Promise.all(
    exported.map(({ from, names: theirs }) =>
      publicDeclarations(from, theirs === '*' ? names : theirs.filter(wanted)),
    ),
  );
  return [...declarations.filter(({ name }) => wanted(name)), ...inner.flat()];
}

/** Members of an interface that are functions and have no comment. */
const silentMembers = ({ body }: Declaration): string[] =>
  body.filter(
    (line, i) =>
      /^ {4}(?:readonly )?\w+\??(?:: \(|\(|<.*>\()/.test(line) &&
      !isCommentEnd(body[i - 1]) &&
      // Overloads share the first one's comment.
      body[i - 1]?.split('(')[0] !== line.split('(')[0],
  );

let folder: string;
let declarations: Declaration[];

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-documented-'));
  const installed = await unpack(await pack(), folder);
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, { readonly types?: string }>>;
  };
  const entries = Object.values(exports).flatMap(({ types }) => types ?? []);
  assert.ok(entries.includes('./dist/src/index.d.ts'));
  declarations = (
    await Promise.all(entries.map((entry) => publicDeclarations(join(installed, entry))))
  ).flat();
});

test.after(() => rm(folder, { recursive: true, force: true }));

const place = ({ file, line }: Declaration): string => `${file.replace(/.*\/dist\//, '')}:${line}`;

test('every public name has a doc comment', () => {
  assert.ok(declarations.length > 300, `${declarations.length} declarations found`);
  const first = declarations.filter(
    ({ file, name }, i) =>
      declarations.findIndex((each) => each.file === file && each.name === name) === i,
  );
  const silent = first.filter(({ isDocumented }) => !isDocumented);
  assert.equal(
    silent.map((each) => `${each.name}  ${place(each)}`),
    [],
  );
});

test('every function of a public interface has one', () => {
  const silent = declarations.flatMap((each) =>
    silentMembers(each).map((member) => `${each.name} ${member.trim()}  ${place(each)}`),
  );
  assert.equal(silent, []);
});

test.run();
