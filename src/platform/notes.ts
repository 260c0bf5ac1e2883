/** Fallbacks, each said once: that something is missing, what is done instead, and what would mend it. */
import { warn } from '#platform/system';

const notes = new Set<string>();

/** Keeps a sentence for `init` to tell, and says it where a console is all there is. */
export function addNote(note: string): void {
  if (notes.has(note)) return;
  notes.add(note);
  warn(note);
}

export const readNotes = (): readonly string[] => [...notes];
