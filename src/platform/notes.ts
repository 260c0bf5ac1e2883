/** The notes on fallbacks, each given once: what is missing, what replaces it, and how to get it. */
import { warn } from '#platform/system';

const notes = new Set<string>();

/** Keeps a note for `init` to return, and prints it where only a console can show it. */
export function addNote(note: string): void {
  if (notes.has(note)) return;
  notes.add(note);
  warn(note);
}

export const readNotes = (): readonly string[] => [...notes];
