/** What a text holds for a model that writes, for `lanewise data`: its windows, its characters, and what counting gives. */
import { shorten } from '../base/check.js';
import { samplesOf } from '../data/forms.js';
import { ngramLosses } from '../metrics/ngram-losses.js';
import type { DataSets } from './data-sources.js';
import { countOf } from './task.js';
import { formatCount } from './terminal.js';
import { countedWords, followed } from './text-figures.js';

export function printText(
  name: string,
  { train, validation, test }: DataSets,
  json: boolean,
): void {
  const { vocabulary = [], text } = samplesOf(train);
  const counted = ngramLosses(followed(train), followed(test), vocabulary.length);
  const parts = { train, ...(validation ? { validation } : {}), test };
  const windows = Object.fromEntries(
    Object.entries(parts).map(([part, data]) => [part, countOf(data)]),
  );
  if (json) {
    const { bigram, unigram } = counted;
    const about = { ...windows, window: text?.length, vocabulary, baselines: { bigram, unigram } };
    console.log(JSON.stringify({ event: 'data', data: name, ...about }));
    return;
  }
  const words = Object.entries(windows).map(([part, count]) => `${formatCount(count)} ${part}`);
  const shown = vocabulary.filter((character) => character.trim() !== '').join('');
  console.log(`${name}: windows of ${text?.length} characters: ${words.join(', ')}
${vocabulary.length} different characters: ${shorten(shown)}
loss of the test part in nats a character: ${countedWords(counted)}`);
}
