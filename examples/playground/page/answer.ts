/** The net's answer to the drawing: ten bars, the image it sees, and a sentence for screen readers. */
import { byId, make } from './dom.js';
import { SIDE } from './ink.js';
import { roughly } from './show.js';

/** The time after the last change before the answer is read out, in milliseconds. */
const CALM_MS = 700;

export interface Answer {
  /** The probability of each class; empty while there is no model. */
  show(classes: readonly string[], scores: readonly number[]): void;
  /** The image to recognise, if there is one. */
  see(pixels: Uint8Array | undefined): void;
}

export function createAnswer(): Answer {
  const list = byId('bars');
  const spoken = byId('predicted');
  const seen = byId<HTMLCanvasElement>('seen');
  const context = seen.getContext('2d')!;
  let rows: { row: HTMLElement; bar: HTMLElement; share: HTMLElement }[] = [];
  let names: readonly string[] = [];
  let timer = 0;

  function build(classes: readonly string[]): void {
    names = classes;
    rows = classes.map((name) => {
      const bar = make('div', { className: 'bar' });
      const track = make('div', { className: 'track' }, bar);
      track.setAttribute('aria-hidden', 'true');
      const share = make('span', { className: 'share' }, '–');
      return { row: make('li', {}, make('span', {}, name), track, share), bar, share };
    });
    list.replaceChildren(...rows.map(({ row }) => row));
  }

  function speak(text: string): void {
    clearTimeout(timer);
    timer = window.setTimeout(() => (spoken.textContent = text), CALM_MS);
  }

  build([...'0123456789']);
  return {
    show(classes, scores) {
      if (classes.length > 0 && classes.join() !== names.join()) build(classes);
      const best = scores.indexOf(Math.max(...scores));
      rows.forEach(({ row, bar, share }, i) => {
        const score = scores[i];
        const length = Math.min(1, Math.max(0, score ?? 0));
        bar.style.setProperty('transform', `scaleX(${length.toFixed(3)})`);
        share.textContent = score === undefined ? '–' : roughly(score);
        row.classList.toggle('best', i === best && score !== undefined);
      });
      if (best >= 0) speak(`It looks like ${names[best]}, ${roughly(scores[best]!)}.`);
    },
    see(pixels) {
      const image = context.createImageData(SIDE, SIDE);
      for (let i = 0; i < SIDE * SIDE; i++) {
        const value = pixels?.[i] ?? 0;
        image.data.set([value, value, value, 255], 4 * i);
      }
      context.putImageData(image, 0, 0);
      const what = pixels ? 'scaled and centred in 28 by 28 pixels' : 'empty';
      seen.setAttribute('aria-label', `The drawing as the net sees it: ${what}`);
    },
  };
}
