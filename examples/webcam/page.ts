/** The webcam's page: takes pictures of classes, has them learned, and shows what the model sees. */
import { fromPixels, type PixelSource } from 'lanewise';
import { byId, make } from '../shared/dom.js';
import { SIDE, type FromEngine, type ToEngine } from './messages.js';

/** A picture is taken this often while a button is held, and predicted this often. */
const EVERY_MS = 120;

interface Class {
  name: string;
  readonly pictures: Uint8Array[];
  readonly strip: HTMLElement;
}

const video = byId<HTMLVideoElement>('video');
const classes: Class[] = [];
/** The classes of the model, in the order of its scores. */
let known: readonly string[] = [];
let isBusy = false;

const engine = new Worker(new URL('./engine.js', import.meta.url), { type: 'module' });
const send = (message: ToEngine): void => engine.postMessage(message);

const say = (text: string, isBad = false): void => {
  const line = byId('status');
  line.textContent = text;
  line.classList.toggle('bad', isBad);
};

const pictureOf = (source: PixelSource): Uint8Array => fromPixels(source, { size: SIDE }).samples;

/** A small canvas with the bytes of a sample. */
function thumbnail(picture: Uint8Array): HTMLCanvasElement {
  const canvas = make('canvas', { width: SIDE, height: SIDE });
  const plane = SIDE * SIDE;
  const pixels = new ImageData(SIDE, SIDE);
  for (let p = 0; p < plane; p++)
    pixels.data.set([picture[p]!, picture[plane + p]!, picture[2 * plane + p]!, 255], 4 * p);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas;
}

function take(to: Class, source: PixelSource): void {
  const picture = pictureOf(source);
  to.pictures.push(picture);
  to.strip.append(thumbnail(picture));
  to.strip.scrollLeft = to.strip.scrollWidth;
  update();
}

/** Pictures of a class from files, for whom has no camera. */
async function takeFiles(to: Class, files: Iterable<File>): Promise<void> {
  for (const file of files) {
    const bitmap = await createImageBitmap(file).catch(() => undefined);
    if (!bitmap) say(`${file.name} is not a picture that this browser reads`, true);
    else take(to, bitmap);
    bitmap?.close();
  }
}

function addClass(): void {
  const name = make('input', {
    value: `class ${classes.length + 1}`,
    ariaLabel: 'name of the class',
  });
  const strip = make('div', { className: 'strip' });
  const one: Class = { name: name.value, pictures: [], strip };
  name.addEventListener('input', () => (one.name = name.value));
  const record = make('button', { className: 'record', type: 'button' }, 'Hold to record');
  let timer: ReturnType<typeof setInterval> | undefined;
  const begin = () => {
    if (video.videoWidth === 0) return say('there is no picture of a camera: choose files', true);
    take(one, video);
    timer ??= setInterval(() => take(one, video), EVERY_MS);
  };
  const end = () => {
    clearInterval(timer);
    timer = undefined;
  };
  record.addEventListener('pointerdown', begin);
  for (const event of ['pointerup', 'pointerleave', 'pointercancel'])
    record.addEventListener(event, end);
  record.addEventListener('keydown', ({ key, repeat }) => {
    if ((key === ' ' || key === 'Enter') && !repeat) begin();
  });
  record.addEventListener('keyup', end);
  const files = make('input', {
    type: 'file',
    accept: 'image/*',
    multiple: true,
    ariaLabel: 'pictures',
  });
  files.addEventListener('change', () => void takeFiles(one, files.files ?? []));
  classes.push(one);
  byId('classes').append(make('section', {}, name, make('p', {}, record, files), strip));
  update();
}

/** Shows what can be done now, and why not. */
function update(): void {
  const counts = classes.map(({ name, pictures }) => `${name}: ${pictures.length}`).join(', ');
  byId('counts').textContent = counts;
  const taken = classes.filter(({ pictures }) => pictures.length > 0);
  const names = new Set(taken.map(({ name }) => name));
  byId<HTMLButtonElement>('train').disabled = isBusy || names.size < 2 || names.size < taken.length;
  byId<HTMLButtonElement>('stop').disabled = !isBusy;
  for (const id of ['save', 'forget'])
    byId<HTMLButtonElement>(id).disabled = isBusy || known.length === 0;
}

/** The bars of the model's classes. */
function showClasses(names: readonly string[]): void {
  known = names;
  byId('scores').replaceChildren(
    ...names.map((name) =>
      make('label', {}, make('span', {}, name), make('meter', { min: 0, max: 1, value: 0 })),
    ),
  );
  update();
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function use(message: FromEngine): void {
  switch (message.kind) {
    case 'ready':
      if (message.classes) showClasses(message.classes);
      return say(
        message.classes
          ? `the model of your last visit tells ${message.classes.join(', ')} apart`
          : 'record some pictures of each class, then train',
      );
    case 'progress':
      byId<HTMLProgressElement>('progress').value = message.done;
      return say(message.what);
    case 'trained': {
      isBusy = false;
      showClasses(message.classes);
      const { held, baseline } = message;
      const always = `always the most frequent class is right for ${percent(baseline)}`;
      say(
        held
          ? `right on ${percent(held.accuracy)} of ${held.count} pictures that were held out; ${always}`
          : `trained on all pictures: too few to hold some out, and say how good it is`,
      );
      byId('hash').textContent = `weights ${message.sha256.slice(0, 16)}…`;
      return;
    }
    case 'prediction':
      return byId('scores')
        .querySelectorAll('meter')
        .forEach((meter, c) => (meter.value = message.scores[c] ?? 0));
    case 'saved': {
      const blob = new Blob([message.bytes as Uint8Array<ArrayBuffer>]);
      make('a', { href: URL.createObjectURL(blob), download: 'webcam.safetensors' }).click();
      return;
    }
    case 'refused':
      isBusy = false;
      update();
      return say(message.message, true);
  }
}

async function openCamera(): Promise<void> {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: 320, height: 240 },
    });
    await video.play();
  } catch (error) {
    say(`there is no camera (${(error as Error).message}): choose files instead`, true);
  }
}

engine.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => use(data));
engine.addEventListener('error', ({ message }) => say(message || 'the engine did not start', true));
byId('add').addEventListener('click', addClass);
byId('train').addEventListener('click', () => {
  isBusy = true;
  update();
  const taken = classes.filter(({ pictures }) => pictures.length > 0);
  send({ kind: 'train', classes: taken.map(({ name, pictures }) => ({ name, pictures })) });
});
byId('stop').addEventListener('click', () => send({ kind: 'stop' }));
byId('save').addEventListener('click', () => send({ kind: 'save' }));
byId('forget').addEventListener('click', () => {
  showClasses([]);
  send({ kind: 'forget' });
  say('the model is gone from this browser');
});
byId<HTMLInputElement>('load').addEventListener('change', ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file) send({ kind: 'load', file });
});
setInterval(() => {
  if (known.length > 0 && !isBusy && video.videoWidth > 0)
    send({ kind: 'predict', picture: pictureOf(video) });
}, EVERY_MS);
addClass();
addClass();
void openCamera();
