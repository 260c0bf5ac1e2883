/**
 * The package's own declarations, read from what tsc writes: the public functions, and
 * the kinds of values that the fields of their arguments may have. TypeScript 7.0 has no interface to its own
 * reader, and its declarations have one style.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A type as it is written, and the file whose names it means. */
export interface Type {
  readonly text: string;
  readonly file: string;
  /** What stands for the type parameters of where it is written. */
  readonly given?: Readonly<Record<string, Type>>;
}

/** A field that an object may have, and its types: several where it is a member of several objects. */
export type Fields = ReadonlyMap<string, readonly Type[]>;

/** The types of the arguments of a function, of each of its overloads. */
export type Signatures = readonly (readonly Type[])[];

/** The package's declarations, in a folder that `done` removes. */
export async function declared(): Promise<{ folder: string; done: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-declared-'));
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', 'tsconfig.types.json', '--noCheck', '--outDir', folder];
  await promisify(execFile)(process.execPath, [tsc, ...options]);
  const src = join(folder, 'src');
  return {
    folder: existsSync(src) ? src : folder,
    done: () => rm(folder, { recursive: true, force: true }),
  };
}

const texts = new Map<string, string>();

/** A file of declarations without its comments. */
function read(file: string): string {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const text = existsSync(file)
    ? readFileSync(file, 'utf8')
        .replace(/\/\*[\s\S]*?\*\//g, '')
        .replace(/^\s*\/\/.*$/gm, '')
    : '';
  texts.set(file, text);
  return text;
}

const OPEN = '([{<';
const CLOSE = ')]}>';

/** The parts of a text between marks that stand in no brackets and no quotes. */
function partsOf(text: string, marks: string): string[] {
  const parts: string[] = [];
  let [from, depth, quoted] = [0, 0, ''];
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted !== '') {
      if (letter === quoted) quoted = '';
    } else if (letter === "'" || letter === '"') quoted = letter;
    else if (OPEN.includes(letter)) depth++;
    else if (CLOSE.includes(letter) && !(letter === '>' && text[i - 1] === '=')) depth--;
    else if (depth === 0 && marks.includes(letter)) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** From `at`, where a statement begins, to the mark that ends it. */
const statementAt = (text: string, at: number): string => partsOf(text.slice(at), ';')[0] ?? '';

/** A name as types are written, with where it comes from: `import("./layer.js").Direct<X>`, `ops.Pair`. */
function named(type: Type): { name: string; file: string; args: readonly Type[] } | undefined {
  const [, path, space, name, given = ''] =
    /^(?:import\("([^"]+)\.js"\)\.|(\w+)\.)?(\w+)(?:<([^]*)>)?$/.exec(type.text.trim()) ?? [];
  if (name === undefined) return undefined;
  const from =
    path ??
    (space === undefined
      ? undefined
      : new RegExp(`import (?:type )?\\* as ${space} from '([^']+)\\.js'`).exec(
          read(type.file),
        )?.[1]);
  const file = from === undefined ? type.file : join(dirname(type.file), `${from}.d.ts`);
  return { name, file, args: partsOf(given, ',').map((text) => ({ ...type, text })) };
}

/** Where else a name of a file comes from: the file, and the name there. */
function importedFrom(file: string, name: string): [file: string, name: string] | undefined {
  for (const [, names, path] of read(file).matchAll(
    /^(?:import|export)(?: type)? \{([^}]*)\} from '([^']+)\.js'/gm,
  ))
    for (const one of names!.split(',')) {
      const [, theirs, ours = theirs] = /^\s*(?:type )?(\w+)(?: as (\w+))?\s*$/.exec(one) ?? [];
      if (ours === name) return [join(dirname(file), `${path}.d.ts`), theirs!];
    }
  for (const [, path] of read(file).matchAll(/^export (?:type )?\* from '([^']+)\.js'/gm)) {
    const from = join(dirname(file), `${path}.d.ts`);
    if (find(from, name)) return [from, name];
  }
  return undefined;
}

interface Found {
  readonly file: string;
  readonly what: 'interface' | 'type' | 'function' | 'const';
  /** From behind the name to the end. */
  readonly rest: string;
}

/** The declarations of a name as a file knows it; several of a function that is overloaded. */
function find(file: string, name: string): readonly Found[] | undefined {
  const text = read(file);
  const own = [
    ...text.matchAll(
      new RegExp(`^(?:export )?(?:declare )?(interface|type|function|const) ${name}\\b`, 'gm'),
    ),
  ].map((match): Found => {
    const at = match.index + match[0].length;
    const what = match[1] as Found['what'];
    if (what !== 'interface') return { file, what, rest: statementAt(text, at) };
    const open = text.indexOf('{', at);
    return { file, what, rest: `${text.slice(at, open)}${braces(text.slice(open))}` };
  });
  if (own.length > 0) return own;
  for (const [, names] of text.matchAll(/^export \{([^}]*)\};?$/gm)) {
    const alias = new RegExp(`(\\w+) as ${name}\\b`).exec(names!)?.[1];
    if (alias !== undefined) return find(file, alias);
  }
  const from = importedFrom(file, name);
  return from && find(...from);
}

/** The text from a brace to the one that closes it. */
function braces(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(0, i + 1);
  }
  return text;
}

/** The types that a union or intersection is made of, names of types replaced by what they stand for. */
export function kindsOf(type: Type, deep = 0): readonly Type[] {
  const text = type.text.trim().replace(/^\|/, '').trim();
  const parts = partsOf(text, '|&');
  if (parts.length > 1 && !isFunction(text))
    return parts.flatMap((part) => kindsOf({ ...type, text: part }, deep));
  if (/^\([^]*\)$/.test(text) && !isFunction(text))
    return kindsOf({ ...type, text: text.slice(1, -1) }, deep);
  const {
    name,
    file,
    args = [],
  }: Partial<NonNullable<ReturnType<typeof named>>> = named({ ...type, text }) ?? {};
  if (name === undefined || file === undefined || deep > 12) return [{ ...type, text }];
  if (type.given && Object.hasOwn(type.given, name)) return kindsOf(type.given[name]!, deep + 1);
  if (/^(Omit|Pick|Partial|Readonly|Required|Promise|NoInfer)$/.test(name))
    return kindsOf(args[0]!, deep + 1);
  const found = find(file, name)?.[0];
  if (found?.what !== 'type') return [{ ...type, text }];
  const [head = '', ...body] = found.rest.split('=');
  const inner = { text: body.join('='), file: found.file, given: parameters(head, args) };
  return kindsOf(inner, deep + 1);
}

const isFunction = (text: string): boolean => /^(<[^]*>)?\([^]*\) =>/.test(text);

/** The type parameters of a declaration (`<A extends X, B>`) by what they were given. */
function parameters(head: string, args: readonly Type[]): Readonly<Record<string, Type>> {
  const inside = /^\s*<([^]*)>/.exec(head)?.[1] ?? '';
  const names = partsOf(inside, ',').map((one) => /^\w+/.exec(one)![0]);
  return Object.fromEntries(names.flatMap((name, i) => (args[i] ? [[name, args[i]]] : [])));
}

/** The interfaces that a type is, by name, file and body. */
function interfacesOf(type: Type): { found: Found; given: Readonly<Record<string, Type>> }[] {
  return kindsOf(type).flatMap((kind) => {
    const of = named(kind);
    const found = of && find(of.file, of.name)?.[0];
    if (found?.what !== 'interface') return [];
    return [{ found, given: parameters(found.rest, of!.args) }];
  });
}

/** A method as the type of a function: `(x: X): Y` is `(x: X) => Y`. */
function asFunction(text: string): string {
  const end = closing(text);
  return `${text.slice(0, end + 1)} =>${text.slice(end + 1).replace(/^\s*:/, '')}`;
}

/** Where the first parenthesis of a text is closed. */
function closing(text: string): number {
  let depth = 0;
  return [...text].findIndex((letter) => {
    if (letter === '(') depth++;
    return letter === ')' && --depth === 0;
  });
}

/** What an object of a type may have; with more than one for a name where several kinds of object are meant. */
export function fieldsOf(type: Type): Fields {
  const fields = new Map<string, Type[]>();
  const add = (name: string, one: Type) => fields.set(name, [...(fields.get(name) ?? []), one]);
  const addBody = (body: string, of: Omit<Type, 'text'>) => {
    for (const member of partsOf(body.replace(/^\{|\}$/g, ''), ';')) {
      const [, name, method, text] = /^(?:readonly )?(\w+)\??(?:(\()|: )([^]*)$/.exec(member) ?? [];
      if (name !== undefined) add(name, { ...of, text: method ? asFunction(`(${text}`) : text! });
    }
  };
  for (const kind of kindsOf(type)) if (kind.text.startsWith('{')) addBody(kind.text, kind);
  for (const { found, given } of interfacesOf(type)) {
    const [head = ''] = found.rest.split('{');
    for (const base of partsOf(head.split(/\bextends\b(?![^<]*>)/)[1] ?? '', ','))
      for (const [name, types] of fieldsOf({ text: base, file: found.file, given }))
        for (const one of types) add(name, one);
    addBody(found.rest.slice(head.length), { file: found.file, given });
  }
  return fields;
}

/** Parameters of what can be called: of a function's overloads, or an interface's signatures. */
export function argumentsOf(file: string, name: string): Signatures {
  return (find(file, name) ?? []).flatMap(({ what, rest, file: own }) => {
    if (what === 'function') return [parametersIn(rest, own)];
    if (what !== 'const') return [];
    return signaturesOf({ text: rest.replace(/^\s*:/, ''), file: own });
  });
}

/** The signatures of a type that is a function, or an object that can be called. */
export function signaturesOf(type: Type): Signatures {
  const of = /^typeof (\w+)$/.exec(type.text.trim())?.[1];
  if (of !== undefined) return argumentsOf(type.file, of);
  const kinds = kindsOf(type);
  return [
    ...kinds
      .filter(({ text }) => isFunction(text))
      .map(({ text, file }) => parametersIn(text, file)),
    ...interfacesOf(type).flatMap(({ found, given }) =>
      partsOf(found.rest.slice(found.rest.indexOf('{')).replace(/^\{|\}$/g, ''), ';')
        .filter((member) => member.startsWith('('))
        .map((member) => parametersIn(member, found.file, given)),
    ),
  ];
}

function parametersIn(
  rest: string,
  file: string,
  given: Readonly<Record<string, Type>> = {},
): Type[] {
  const generic = /^\s*<([^]*?)>\(/.exec(rest)?.[1] ?? '';
  const bounds = Object.fromEntries(
    partsOf(generic, ',').flatMap((one) => {
      const [, name, bound] = /^(?:const )?(\w+)(?: extends ([^]*?))?(?: = [^]*)?$/.exec(one) ?? [];
      return name === undefined ? [] : [[name, { text: bound ?? 'unknown', file }]];
    }),
  );
  const open = rest.slice(rest.indexOf('(', generic.length));
  return partsOf(open.slice(1, closing(open)), ',').map((one) => ({
    text: one.replace(/^(\.\.\.)?\w+\??: ?/, ''),
    file,
    given: { ...given, ...bounds },
  }));
}

/** Methods of a public interface by name, `before` them. */
export function methodsOf(file: string, name: string, before: string): Map<string, Signatures> {
  const methods = [...fieldsOf({ text: name, file })].map(
    ([method, types]): [string, Signatures] => [`${before}${method}`, types.flatMap(signaturesOf)],
  );
  return new Map(methods.filter(([, signatures]) => signatures.length > 0));
}

/** Public functions of a file of exports by name, those of namespaces with it before them; and where each is declared. */
export function functionsOf(file: string, before = ''): Map<string, Signatures> {
  const found = new Map<string, Signatures>();
  const text = read(file);
  for (const [, space, path] of text.matchAll(/^export \* (?:as (\w+) )?from '([^']+)\.js'/gm))
    for (const [name, one] of functionsOf(
      join(dirname(file), `${path}.d.ts`),
      space === undefined ? before : `${before}${space}.`,
    ))
      found.set(name, one);
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
    names!.split(',').flatMap((one) => /^\s*(?:\w+ as )?(\w+)\s*$/.exec(one)?.[1] ?? []),
  );
  const own = [...text.matchAll(/^export declare (?:function|const) (\w+)/gm)].map(
    ([, name]) => name!,
  );
  for (const name of new Set([...listed, ...own])) {
    const signatures = argumentsOf(file, name);
    const space = namespaceOf(file, name);
    if (signatures.length > 0) found.set(`${before}${name}`, signatures);
    else if (space !== undefined)
      for (const [inner, one] of functionsOf(space, `${before}${name}.`)) found.set(inner, one);
  }
  return found;
}

/** The file of what a name is a namespace of. */
function namespaceOf(file: string, name: string): string | undefined {
  const own = new RegExp(`^export \\* as ${name} from '([^']+)\\.js'`, 'm').exec(read(file))?.[1];
  if (own !== undefined) return join(dirname(file), `${own}.d.ts`);
  const from = importedFrom(file, name);
  return from && namespaceOf(...from);
}
