/** The person's classes: a card each, with pictures from the camera or from files. */
import { byId, make } from '../shared/dom.js';
import { takesDrops } from './dropping.js';

/** A picture is taken this often while a button is held. */
const EVERY_MS = 120;
/** Pictures are kept with at most this many pixels on the shorter side. */
const MOST_PIXELS = 320;

/** A class; its pictures are the canvases that the card shows. */
export interface Class {
  name: string;
  readonly pictures: HTMLCanvasElement[];
}

export interface ClassesOptions {
  readonly video: HTMLVideoElement;
  /** Something about the classes has changed. */
  onChange(): void;
  refuse(message: string): void;
}

/** A copy of what a source shows, not larger than it is needed. */
export function copyOf(
  source: CanvasImageSource,
  width: number,
  height: number,
): HTMLCanvasElement {
  const factor = Math.min(1, MOST_PIXELS / Math.min(width, height));
  const canvas = make('canvas', {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
  });
  const context = canvas.getContext('2d')!;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** The picture in a file; undefined if the browser reads none in it. */
export async function pictureIn(file: File): Promise<HTMLCanvasElement | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) return undefined;
  const canvas = copyOf(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas;
}

/** Adds a card for one more class to the page. */
export function addClass(
  classes: Class[],
  { video, onChange, refuse }: ClassesOptions,
  name = `class ${classes.length + 1}`,
): void {
  const one: Class = { name, pictures: [] };
  const nameInput = make('input', { value: name, ariaLabel: 'name of the class' });
  const count = make('span', { className: 'soft' });
  const strip = make('div', { className: 'strip' }, 'drop pictures here');
  const changed = () => {
    count.textContent = `${one.pictures.length}`;
    if (one.pictures.length === 0) strip.replaceChildren('drop pictures here');
    onChange();
  };
  const take = (picture: HTMLCanvasElement) => {
    if (one.pictures.length === 0) strip.replaceChildren();
    one.pictures.push(picture);
    picture.tabIndex = one.pictures.length === 1 ? 0 : -1;
    removable(picture, () => {
      one.pictures.splice(one.pictures.indexOf(picture), 1);
      changed();
    });
    strip.append(picture);
    strip.scrollLeft = strip.scrollWidth;
    changed();
  };
  const takeFiles = async (files: readonly File[]) => {
    for (const file of files) {
      const picture = await pictureIn(file);
      if (picture) take(picture);
      else refuse(`${file.name} is not a picture that this browser reads`);
    }
  };
  nameInput.addEventListener('input', () => {
    one.name = nameInput.value.trim();
    onChange();
  });
  const record = recordButton(() => {
    if (video.videoWidth === 0)
      return refuse('the camera shows nothing yet: use it, or drop files');
    take(copyOf(video, video.videoWidth, video.videoHeight));
  });
  const files = make('input', {
    type: 'file',
    accept: 'image/*',
    multiple: true,
    ariaLabel: 'pictures of the class',
  });
  files.addEventListener('change', () => void takeFiles([...(files.files ?? [])]));
  const choose = make('label', { className: 'button' }, 'Choose files', files);
  const head = make('header', {}, nameInput, count, record, choose);
  const card = make('div', { className: 'class' }, head, strip);
  takesDrops(card, (dropped) => void takeFiles(dropped));
  classes.push(one);
  byId('classes').append(card);
  changed();
}

/** Lets a picture be removed by a click or by keys; arrows go to its neighbours, so that tab passes by all of them. */
function removable(picture: HTMLCanvasElement, onRemove: () => void): void {
  picture.title = 'click to remove';
  picture.role = 'button';
  picture.ariaLabel = 'a picture: remove it';
  const remove = () => {
    const next = picture.nextElementSibling ?? picture.previousElementSibling;
    picture.remove();
    onRemove();
    (next as HTMLElement | null)?.focus();
  };
  picture.addEventListener('click', remove);
  picture.addEventListener('focus', () => {
    for (const other of picture.parentElement?.children ?? [])
      (other as HTMLElement).tabIndex = other === picture ? 0 : -1;
  });
  picture.addEventListener('keydown', (event) => {
    const to =
      event.key === 'ArrowLeft' ? picture.previousElementSibling : picture.nextElementSibling;
    if (event.key.startsWith('Arrow')) (to as HTMLElement | null)?.focus();
    else if (['Enter', ' ', 'Delete', 'Backspace'].includes(event.key)) remove();
    else return;
    event.preventDefault();
  });
}

/** A button that calls `take` again and again while it is held, by pointer or key. */
function recordButton(take: () => void): HTMLButtonElement {
  const button = make('button', { className: 'record', type: 'button' }, 'Hold to record');
  let timer: ReturnType<typeof setInterval> | undefined;
  const begin = () => {
    take();
    timer ??= setInterval(take, EVERY_MS);
  };
  const end = () => {
    clearInterval(timer);
    timer = undefined;
  };
  button.addEventListener('pointerdown', begin);
  for (const event of ['pointerup', 'pointerleave', 'pointercancel', 'blur'])
    button.addEventListener(event, end);
  button.addEventListener('keydown', ({ key, repeat }) => {
    if ((key === ' ' || key === 'Enter') && !repeat) begin();
  });
  button.addEventListener('keyup', end);
  return button;
}
