/** What the user has given to `init`, and what platforms have found missing: the core's only state of its own. */

/** Compiled kernels by the name of their build, and where files lie if not beside the package's. */
export interface Given {
  readonly modules: Map<string, WebAssembly.Module>;
  /** The folder of the builds, ending in a slash. */
  wasm?: string;
  /** The script that worker threads run. */
  worker?: string;
}

export const given: Given = { modules: new Map() };

const notes = new Set<string>();

/** Who is to hear of a fallback; pages have nothing but the console. */
let listener: ((note: string) => void) | undefined;

/** Says once, in a sentence, that something is missing, what is done instead, and what would mend it. */
export function addNote(note: string): void {
  if (notes.has(note)) return;
  notes.add(note);
  listener?.(note);
}

export const readNotes = (): readonly string[] => [...notes];

export function onNote(listen: (note: string) => void): void {
  listener = listen;
}
