/** The page: opens ONNX files, takes pictures of the person's classes, has them learned, and shows what the net sees. */
import { fromPixels } from 'lanewise';
import { byId, make } from '../shared/dom.js';
import { addClass, pictureIn, type Class } from './classes.js';
import { ignoreOtherDrops, takesDrops } from './dropping.js';
import type { FromEngine, Opened, ScaleName, ToEngine, Trained } from './messages.js';
import { showModel, showRefusal } from './model-card.js';
import { showScores } from './predictions.js';

const video = byId<HTMLVideoElement>('video');
const seen = byId<HTMLCanvasElement>('seen');
const classes: Class[] = [];
let files: readonly File[] = [];
let opened: Opened | undefined;
/** The classes whose scores are shown. */
let known: readonly string[] | undefined;
let hasTrained = false;
let isBusy = false;
/** The training was ended by hand. */
let isStopped = false;
/** The engine has not answered the last question for scores. */
let isAsking = false;
let isLive = true;

const engine = new Worker(new URL('./engine.js', import.meta.url), { type: 'module' });
const send = (message: ToEngine): void => engine.postMessage(message);

const say = (text: string, isBad = false): void => {
  const line = byId('status');
  line.textContent = text;
  line.classList.toggle('bad', isBad);
};

const scale = (): ScaleName => byId<HTMLSelectElement>('scale').value as ScaleName;

function busy(is: boolean): void {
  isBusy = is;
  byId('progress').hidden = !is;
  update();
}

/** The bytes that the net takes of a picture. */
function samplesOf(picture: HTMLCanvasElement | HTMLVideoElement): Uint8Array {
  const [channels, height, width] = opened!.picture!;
  return fromPixels(picture, { size: [height, width], channels }).samples;
}

/** Why training cannot begin; undefined if it can. */
function obstacle(): string | undefined {
  const taken = classes.filter(({ pictures }) => pictures.length > 0);
  const names = new Set(taken.map(({ name }) => name));
  if (isBusy) return '';
  if (!opened) return 'Open a model first.';
  if (!opened.picture) return 'This net does not take pictures.';
  if (opened.head === undefined) return 'This net has no head that other classes could replace.';
  if (taken.length < 2) return 'Two classes need pictures.';
  if (names.size < taken.length || names.has('')) return 'Each class needs a name of its own.';
  return undefined;
}

/** Shows what can be done now, and why not. */
function update(): void {
  const why = obstacle();
  byId('why').textContent = why ?? '';
  byId<HTMLButtonElement>('train').disabled = why !== undefined;
  byId<HTMLButtonElement>('stop').disabled = !isBusy || !opened;
  byId<HTMLButtonElement>('save').disabled = isBusy || !hasTrained;
  byId<HTMLButtonElement>('example').disabled = isBusy;
  byId<HTMLInputElement>('file').disabled = isBusy;
  byId<HTMLInputElement>('try').disabled = !opened?.picture;
  byId<HTMLButtonElement>('live').disabled = isLive || video.videoWidth === 0;
}

function open(chosen: readonly File[]): void {
  if (isBusy || chosen.length === 0) return;
  files = chosen;
  for (const id of ['shape', 'output']) byId<HTMLInputElement>(id).value = '';
  read();
}

function read(): void {
  const [shape, output] = [byId<HTMLInputElement>('shape'), byId<HTMLInputElement>('output')];
  busy(true);
  send({ kind: 'open', files, reading: { shape: shape.value, output: output.value } });
}

function forget(): void {
  [opened, known, hasTrained] = [undefined, undefined, false];
  byId('result').hidden = true;
  byId('scores').replaceChildren();
  byId('whose').textContent = 'Nothing predicts yet.';
}

function useModel(found: Opened): void {
  forget();
  opened = found;
  known = found.classes;
  showModel(found);
  const select = byId<HTMLSelectElement>('scale');
  const isColour = found.picture?.[0] === 3;
  select.querySelector<HTMLOptionElement>('[value=own]')!.disabled = !found.hasScale;
  select.querySelector<HTMLOptionElement>('[value=imagenet]')!.disabled = !isColour;
  select.value = found.hasScale ? 'own' : isColour ? 'imagenet' : 'unit';
  if (found.picture)
    byId('whose').textContent = 'The file’s own classes, until you have trained yours.';
  say(`${found.name} is read`);
  busy(false);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function showTrained({ classes: names, held, baseline, samples, sha256 }: Trained): void {
  [known, hasTrained] = [names, true];
  byId('result').hidden = false;
  byId('accuracy').textContent = held ? percent(held.accuracy) : '–';
  byId('accuracy-of').textContent = held
    ? `right of ${held.count} pictures held out`
    : 'too few pictures to hold some out: take five of each class';
  byId('baseline').textContent = percent(baseline);
  byId('samples').textContent = `${samples}`;
  byId('hash').textContent = `weights ${sha256}`;
  byId('whose').textContent = 'Your classes.';
  byId('scores').replaceChildren();
  say(`${isStopped ? 'stopped' : 'trained'}: show it something, or save it`);
  busy(false);
  if (!isLive) ask(seen);
}

function refused({ of, message, hint }: Extract<FromEngine, { kind: 'refused' }>): void {
  isAsking = false;
  if (of === 'open' || of === 'example') {
    forget();
    showRefusal(message, hint);
    say('the file cannot be used as it is', true);
  } else say(hint ? `${message}; ${hint}` : message, true);
  busy(false);
}

function use(message: FromEngine): void {
  switch (message.kind) {
    case 'ready':
      return say('open an ONNX file to begin');
    case 'opened':
      return useModel(message);
    case 'progress': {
      const bar = byId<HTMLProgressElement>('progress');
      if (message.done === undefined) bar.removeAttribute('value');
      else bar.value = message.done;
      return say(message.what);
    }
    case 'trained':
      return showTrained(message);
    case 'prediction':
      isAsking = false;
      return showScores(message.scores, known);
    case 'saved': {
      const blob = new Blob([message.bytes as Uint8Array<ArrayBuffer>]);
      make('a', { href: URL.createObjectURL(blob), download: message.name }).click();
      return say(`${message.name} is saved`);
    }
    case 'refused':
      return refused(message);
  }
}

/** Shows a picture as what the net sees, and asks for its scores. */
function ask(picture: HTMLCanvasElement | HTMLVideoElement): void {
  if (!opened?.picture || isBusy || isAsking) return;
  const [, height, width] = opened.picture;
  const bytes = samplesOf(picture);
  if (picture !== seen) {
    const isVideo = picture instanceof HTMLVideoElement;
    const sides = isVideo
      ? [picture.videoWidth, picture.videoHeight]
      : [picture.width, picture.height];
    const factor = Math.max(width / sides[0]!, height / sides[1]!);
    const copy = [width / factor, height / factor] as const;
    [seen.width, seen.height] = [Math.max(width, 112), Math.max(height, 112)];
    const [x, y] = [(sides[0]! - copy[0]) / 2, (sides[1]! - copy[1]) / 2];
    seen.getContext('2d')!.drawImage(picture, x, y, ...copy, 0, 0, seen.width, seen.height);
  }
  isAsking = true;
  send({ kind: 'predict', picture: bytes, scale: scale() });
}

async function tryFile(file: File | undefined): Promise<void> {
  const picture = file && (await pictureIn(file));
  if (!file) return;
  if (!picture) return say(`${file.name} is not a picture that this browser reads`, true);
  isLive = false;
  update();
  isAsking = false;
  ask(picture);
}

async function openCamera(): Promise<void> {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { width: 640, height: 480 },
    });
    await video.play();
    byId('camera').hidden = true;
    isLive = true;
    update();
  } catch (error) {
    say(`there is no camera (${(error as Error).message}): drop files instead`, true);
  }
}

function startTraining(): void {
  const taken = classes.filter(({ pictures }) => pictures.length > 0);
  const epochs = byId<HTMLInputElement>('epochs');
  if (!epochs.reportValidity()) return;
  isStopped = false;
  busy(true);
  say('training');
  send({
    kind: 'train',
    classes: taken.map(({ name, pictures }) => ({ name, pictures: pictures.map(samplesOf) })),
    isFrozen: byId<HTMLInputElement>('frozen').checked,
    epochs: Number(epochs.value),
    scale: scale(),
  });
}

const choosing = (id: string, take: (chosen: readonly File[]) => void): void =>
  byId<HTMLInputElement>(id).addEventListener('change', ({ target }) => {
    const field = target as HTMLInputElement;
    take([...(field.files ?? [])]);
    // The same file can be chosen again.
    field.value = '';
  });

engine.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => use(data));
engine.addEventListener('error', ({ message }) => say(message || 'the engine did not start', true));
choosing('file', open);
choosing('try', ([file]) => void tryFile(file));
takesDrops(byId('step-model'), open);
takesDrops(byId('step-try'), ([file]) => void tryFile(file));
ignoreOtherDrops();
byId('again').addEventListener('submit', (event) => {
  event.preventDefault();
  read();
});
byId('settings').addEventListener('submit', (event) => event.preventDefault());
byId('example').addEventListener('click', () => {
  busy(true);
  send({ kind: 'example' });
});
const options = { video, onChange: update, refuse: (text: string) => say(text, true) };
byId('add').addEventListener('click', () => addClass(classes, options));
byId('camera').addEventListener('click', () => void openCamera());
byId('train').addEventListener('click', startTraining);
byId('stop').addEventListener('click', () => {
  isStopped = true;
  send({ kind: 'stop' });
});
byId('save').addEventListener('click', () => send({ kind: 'save' }));
byId('live').addEventListener('click', () => {
  isLive = true;
  update();
});
setInterval(() => {
  if (isLive && video.videoWidth > 0) ask(video);
}, 120);
addClass(classes, options);
addClass(classes, options);
