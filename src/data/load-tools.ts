/** Loads what handles tables, for whatever makes or reads one. */
import { answersOf, furtherOutputs, withTargets } from './answers.js';
import { encodeGiven } from './encode-rows.js';
import { match } from './table-match.js';
import { installTools } from './table-tools.js';

export const loadTools = (): void =>
  installTools({
    match,
    encode: encodeGiven,
    async answer(described, scored, outputs, count, scoresOf) {
      const table = withTargets(described, scored.name);
      const all = [scored];
      for (const name of furtherOutputs(table, outputs, scored.name))
        all.push(await scoresOf(name));
      return answersOf(table, all, count);
    },
  });
