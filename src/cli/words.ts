/** The words of a command line, to name it again with others. */

/** The words without some options and their values; `flags` are those that have none. */
export function wordsWithout(
  words: readonly string[],
  options: readonly string[],
  flags: readonly string[] = ['--json', '--fresh', '--no-report'],
): string[] {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const name = options.find((one) => word === one || word.startsWith(`${one}=`));
    if (name === undefined) kept.push(word);
    // An option whose value may be left out is followed by another one, or by its value.
    else if (word === name && !flags.includes(name) && !words[i + 1]?.startsWith('--')) i++;
  }
  return kept;
}

/** A name as the command line has it: `fashion-mnist` for `fashionMnist`, `data-dir` for `dataDir`. */
export const dashed = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
