/** The bars of a model's scores. */
import { byId, make } from '../shared/dom.js';

/** With more classes than this only the best ones are shown, best first. */
const MOST_ROWS = 6;

/** Shows scores; `names` are those of the classes, as far as they are known. */
export function showScores(scores: readonly number[], names: readonly string[] = []): void {
  const all = scores.map((score, i) => ({ score, name: names[i] ?? `output ${i}` }));
  const rows =
    all.length > MOST_ROWS ? all.toSorted((a, b) => b.score - a.score).slice(0, MOST_ROWS) : all;
  const box = byId('scores');
  while (box.children.length > rows.length) box.lastElementChild!.remove();
  while (box.children.length < rows.length)
    box.append(make('label', {}, make('span'), make('meter', { min: 0, max: 1 }), make('output')));
  rows.forEach(({ name, score }, i) => {
    const [label, meter, output] = box.children[i]!.children as unknown as [
      HTMLElement,
      HTMLMeterElement,
      HTMLElement,
    ];
    [label.textContent, label.title] = [name, name];
    meter.value = score;
    output.textContent =
      score >= 0 && score <= 1 ? `${(100 * score).toFixed(1)} %` : score.toPrecision(3);
  });
}
