/** The default numerics of a run, and the note on why they are not the faster ones. */
import { given } from '../platform/given.js';
import { addNote } from '../platform/notes.js';
import { defaultNumerics, type Numerics } from './features.js';

/** As `defaultNumerics`, with a note if the engine leaves no choice. */
export function pickNumerics(): Numerics {
  const numerics = defaultNumerics();
  const isGivenFused = [...given.modules.keys()].some((name) => name.startsWith('fused'));
  if (numerics === 'strict' && (given.modules.size === 0 || isGivenFused)) {
    addNote(
      "this engine has no relaxed SIMD multiply-add that rounds once: numerics are 'strict', up to a fifth slower; current Chrome and Firefox, Node 22 and Deno have one",
    );
  }
  return numerics;
}
