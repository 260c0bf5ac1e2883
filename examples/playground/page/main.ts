/** The page: its parts, and which of them receives which message from the engine. Nothing here computes; see engine/. */
import type { FromEngine } from '../messages.js';
import { createAnswer } from './answer.js';
import { connect, type Send } from './connection.js';
import { createCurves } from './curves.js';
import { byId, say } from './dom.js';
import { createFilters } from './filters.js';
import { createMatrix } from './matrix.js';
import { createPad } from './pad.js';
import { createRun } from './run.js';
import { createSetup } from './setup.js';
import { count } from './show.js';

const answer = createAnswer();
const curves = createCurves();
const showFilters = createFilters();
const showMatrix = createMatrix();

const send: Send = connect(use, (why) =>
  use({ kind: 'refused', about: 'engine', message: `The engine's worker failed: ${why}` }),
);
const setup = createSetup(send);
const run = createRun(send, setup);
setup.onChange(run.refresh);

/** The image to recognise, and the pending question to the engine: one at a time. */
let pixels: Uint8Array<ArrayBuffer> | undefined;
let asked = 0;
let answered = 0;
let isStale = false;

function ask(): void {
  if (!pixels) return answer.show([], []);
  isStale = asked !== answered;
  if (!isStale) send({ kind: 'predict', id: ++asked, pixels });
}

function look(image: Uint8Array<ArrayBuffer> | undefined): void {
  pixels = image;
  answer.see(image);
  ask();
}

const pad = createPad(look);
byId('clear').addEventListener('click', pad.clear);
byId('sample').addEventListener('click', () => send({ kind: 'sample' }));

/** The places of refusals that are not about training. */
const places = {
  data: 'data-error',
  file: 'file-error',
  predict: 'predict-error',
  model: 'train-error',
};

function use(message: FromEngine): void {
  run.tell(message);
  switch (message.kind) {
    case 'ready':
      run.ready(message.facts);
      return setup.ready(message.facts);
    case 'checked':
      return setup.editor.checked(message.layers, message.parameters);
    case 'opened':
      return setup.opened(
        `${message.name}: ${count(message.training)} to train on, ${count(message.validation)} unseen.`,
      );
    case 'started':
      say('hash', '–');
      byId<HTMLButtonElement>('save').disabled = false;
      return curves.start(setup.choice().epochs);
    case 'progress':
      curves.add(message.points);
      if (message.filters) showFilters(message.filters);
      return ask();
    case 'validated':
      curves.validated(message.at, message.validation.loss, message.validation.accuracy);
      return showMatrix(message.validation);
    case 'finished':
      say('hash', message.sha256);
      return ask();
    case 'saved':
      return download(message.name, message.bytes);
    case 'loaded':
      say('hash', message.sha256);
      say('status', `Opened ${message.name}: ${count(message.model.parameters)} parameters`);
      say('file-error', undefined);
      byId<HTMLButtonElement>('save').disabled = false;
      setup.loaded(message.name);
      showFilters(message.filters);
      if (message.validation) showMatrix(message.validation);
      return ask();
    case 'sample':
      pad.show(message.pixels);
      return look(message.pixels);
    case 'prediction':
      answered = message.id;
      say('predict-error', undefined);
      answer.show(message.classes, pixels ? message.scores : []);
      if (isStale) ask();
      return;
    case 'refused': {
      if (message.about === 'train' || message.about === 'engine') return;
      if (message.about === 'predict') answered = asked;
      return say(
        places[message.about],
        [message.message, message.hint].filter(Boolean).join(' – '),
      );
    }
    default:
  }
}

/* The model file. */

byId('save').addEventListener('click', () => send({ kind: 'save' }));
byId<HTMLInputElement>('model-file').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const [file] = input.files ?? [];
  if (file) send({ kind: 'load', file });
  // The same file may be chosen again.
  input.value = '';
});

function download(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/* Files dropped anywhere: one model, or images and labels. */

addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  document.body.classList.add('dropping');
});
for (const kind of ['dragleave', 'drop'] as const) {
  addEventListener(kind, (event) => {
    if (kind === 'drop' || !event.relatedTarget) document.body.classList.remove('dropping');
  });
}
addEventListener('drop', (event) => {
  const files = [...(event.dataTransfer?.files ?? [])];
  if (files.length === 0) return;
  event.preventDefault();
  const model = files.find(({ name }) => name.endsWith('.safetensors'));
  if (model) return send({ kind: 'load', file: model });
  byId<HTMLDetailsElement>('setup').open = true;
  send({ kind: 'open', files });
});
