/** The first layer's filters as small pictures: negative weights blue, positive ones orange. */
import type { Filters } from '../messages.js';
import { byId, make, onColours } from './dom.js';

const darkness = matchMedia('(prefers-color-scheme: dark)');

/** The colours of −1, 0 and 1. */
function colours(): readonly [below: number[], zero: number[], above: number[]] {
  return darkness.matches
    ? [
        [110, 150, 255],
        [25, 29, 33],
        [245, 154, 91],
      ]
    : [
        [36, 73, 179],
        [255, 255, 255],
        [208, 88, 24],
      ];
}

export function createFilters(): (filters: Filters | undefined) => void {
  const parent = byId('filters');
  const note = byId('filters-note');
  let pictures: HTMLCanvasElement[] = [];
  let size = '';
  let last: Filters | undefined;

  function build({ count, width, height }: Filters): void {
    pictures = Array.from({ length: count }, (_, i) => {
      const canvas = make('canvas', { width, height });
      canvas.setAttribute('role', 'img');
      canvas.setAttribute(
        'aria-label',
        `Filter ${i + 1} of ${count}, ${height} by ${width} weights`,
      );
      return canvas;
    });
    const items = pictures.map((canvas) => {
      const item = make('div', {}, canvas);
      item.setAttribute('role', 'listitem');
      return item;
    });
    parent.setAttribute('role', 'list');
    parent.setAttribute('aria-describedby', 'filters-note');
    parent.replaceChildren(...items);
    note.textContent = `${count} filters of ${height}×${width}: blue is negative, orange positive.`;
  }

  function show(filters: Filters | undefined): void {
    last = filters;
    if (!filters) {
      parent.replaceChildren();
      size = '';
      note.textContent = 'This model’s first layer has no filters that are images.';
      return;
    }
    const { count, width, height, values } = filters;
    if (size !== `${count} ${width} ${height}`) {
      build(filters);
      size = `${count} ${width} ${height}`;
    }
    const most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const [below, zero, above] = colours();
    pictures.forEach((canvas, f) => {
      const context = canvas.getContext('2d')!;
      const image = context.createImageData(width, height);
      for (let i = 0; i < width * height; i++) {
        const value = values[f * width * height + i]! / most;
        const [end, share] = [value < 0 ? below : above, Math.abs(value)];
        for (let c = 0; c < 3; c++) image.data[4 * i + c] = zero[c]! + (end[c]! - zero[c]!) * share;
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    });
  }

  onColours(() => {
    if (last) show(last);
  });
  return show;
}
