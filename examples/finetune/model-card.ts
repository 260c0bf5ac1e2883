/** What the page shows of a file: its inputs, layers and warnings, or why it cannot be used. */
import { byId, make } from '../shared/dom.js';
import type { Opened } from './messages.js';

const shapeOf = (shape: readonly number[]): string =>
  shape.length === 0 ? 'a number' : shape.join('×');

const count = (value: number): string => value.toLocaleString('en');

/** Longest list of names that is shown. */
const MOST_NAMES = 12;

const inWords = (names: readonly string[]): string =>
  names.length <= MOST_NAMES
    ? names.join(', ')
    : `${names.slice(0, MOST_NAMES).join(', ')} and ${count(names.length - MOST_NAMES)} others`;

const fields = (all: Opened['inputs']): string =>
  all.map(({ name, shape }) => `${name} ${shapeOf(shape)}`).join('; ');

/** Shows a model that was read. */
export function showModel(opened: Opened): void {
  byId('refusal').hidden = true;
  byId('model').hidden = false;
  const { name, inputs, outputs, layers, parameters, classes, picture, head, warnings } = opened;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['file', name],
    ['takes', fields(inputs)],
    ['gives', fields(outputs)],
    ['weights', `${count(parameters)} numbers`],
    ['classes', classes && `${count(classes.length)}: ${inWords(classes)}`],
    ['head', head === undefined ? 'none that other classes could replace' : head],
    [
      'pictures',
      picture
        ? undefined
        : 'the net takes none, so that this page shows it and cannot train it; lanewise in a program can',
    ],
  ];
  byId('facts').replaceChildren(
    ...rows.flatMap(([key, text]) =>
      text === undefined ? [] : [make('dt', {}, key), make('dd', {}, text)],
    ),
  );
  const notice = byId('warnings');
  notice.hidden = warnings.length === 0;
  notice.querySelector('ul')!.replaceChildren(...warnings.map((text) => make('li', {}, text)));
  byId('layer-count').textContent = `${layers.length} layers`;
  byId('layers').replaceChildren(
    ...layers.map((layer) =>
      make(
        'tr',
        {},
        make('td', {}, layer.name),
        make('td', {}, layer.kind),
        make('td', {}, shapeOf(layer.shape)),
        make('td', { className: 'number' }, layer.parameters ? count(layer.parameters) : '–'),
      ),
    ),
  );
}

/** The way out in words of this page: what a program would give `readOnnx` stands in the fields below. */
function wayOf(hint: string): string {
  const [, inputs] = /inputs: \{ (.+?) \}/.exec(hint) ?? [];
  const [, output] = /outputs: \['(.+?)'/.exec(hint) ?? [];
  const [, beside] = /externalData: \{ "(.+?)": bytes \}/.exec(hint) ?? [];
  if (beside !== undefined)
    return `choose or drop both files together, the second under the name ${beside}`;
  if (inputs !== undefined) {
    fill('shape', inputs.replace(/"(.+?)": \[(.*?)\]/g, shapeText));
    return 'give the shape of one sample, such as the one in the field, and read the file again';
  }
  if (output === undefined) return hint;
  fill('output', output);
  return `what comes before can be read, up to ${output}: read the file again`;
}

const shapeText = (_: string, name: string, extents: string): string =>
  `${name}=${extents.replaceAll(', ', '×')}`;

/** What the person has written stays. */
function fill(id: string, text: string): void {
  const field = byId<HTMLInputElement>(id);
  if (field.value === '') field.value = text;
}

/** Shows why a file cannot be read, one reason a line, and asks for what may be missing. */
export function showRefusal(message: string, hint = ''): void {
  byId('model').hidden = true;
  byId('refusal').hidden = false;
  // All that is in the way stands in one sentence, a part for each.
  const [, file, parts] = /^(.*?) is not read: (.*)$/s.exec(message) ?? [];
  const reasons = parts === undefined ? [message] : parts.split('; ');
  byId('refused').textContent = `${file ?? 'This file'} cannot be used as it is`;
  byId('reasons').replaceChildren(...reasons.map((line) => make('li', {}, line)));
  byId('way').textContent = wayOf(hint);
}
