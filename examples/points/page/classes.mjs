// The buttons that choose what is drawn: a class, or the eraser.
import { byId, make } from '../../shared/dom.ts';
import { coloursOf, MOST_CLASSES, traceMark } from './paint.mjs';

const LETTERS = 'ABCDEFGHIJKLMNOP';

export function createClasses(changed) {
  let names = ['A', 'B'];
  let tool = 'A';

  function mark(place) {
    const canvas = make('canvas', { width: 36, height: 36 });
    const context = canvas.getContext('2d');
    context.fillStyle = coloursOf().classes[place];
    traceMark(context, place, 18, 18, 12);
    context.fill();
    return canvas;
  }

  function choice(name, value, picture) {
    const input = make('input', { type: 'radio', name: 'tool', checked: value === tool });
    input.addEventListener('change', () => {
      tool = value;
      changed();
    });
    return make('label', { title: name }, input, ...picture, make('span', {}, name));
  }

  function build() {
    byId('classes').replaceChildren(
      ...names.map((name, place) => choice(name, name, [mark(place)])),
      choice('Erase', undefined, []),
    );
    byId('add-class').disabled = names.length >= MOST_CLASSES;
  }

  function set(next) {
    names = next.slice(0, MOST_CLASSES);
    if (tool !== undefined && !names.includes(tool)) tool = names[0];
    build();
  }

  byId('add-class').addEventListener('click', () => {
    const letter = [...LETTERS].find((one) => !names.includes(one));
    tool = letter;
    set([...names, letter]);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
  build();
  return {
    names: () => names,
    set,
    tool: () => tool,
    placeOf: (name) => names.indexOf(name),
    /** Chooses a class by its number from 1. */
    choose(number) {
      if (number > names.length) return;
      tool = names[number - 1];
      build();
      changed();
    },
  };
}
