/** The form of model, data and settings, and its summary in one line. */
import type { EngineFacts, TrainChoice } from '../messages.js';
import { byId, say } from './dom.js';
import { createLayerEditor, type LayerEditor } from './layers.js';
import { count } from './show.js';
import type { Send } from './connection.js';

type ModelKind = TrainChoice['model']['kind'];

const modelNotes: Readonly<Record<ModelKind, string>> = {
  lenet5: 'LeCun et al. 1998: two convolutions, two dense layers; 61,706 parameters.',
  mlp: 'One hidden layer of 128 ReLU units; 101,770 parameters.',
  layers: 'Images of 28×28 go in at the top; the last layer answers.',
  loaded: 'Goes on with the weights of the file.',
};

export interface Setup {
  readonly editor: LayerEditor;
  choice(): TrainChoice;
  /** The defaults that depend on the machine. */
  ready(facts: EngineFacts): void;
  /** A model file was opened: it can be trained further. */
  loaded(name: string): void;
  opened(text: string): void;
  onChange(listener: () => void): void;
  /** The model's name on the button. */
  modelName(): string;
}

const number = (id: string): number => byId<HTMLInputElement>(id).valueAsNumber;

const chosen = (name: string): string =>
  document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`)!.value;

export function createSetup(send: Send): Setup {
  const form = byId<HTMLFormElement>('settings');
  let checking = 0;
  let changed = () => {};
  const editor = createLayerEditor((layers) => {
    clearTimeout(checking);
    checking = window.setTimeout(() => send({ kind: 'check', layers }), 120);
  });
  // A wide screen has room for the parts that a narrow one folds away.
  form.addEventListener('submit', (event) => event.preventDefault());

  function choice(): TrainChoice {
    const model = chosen('model') as ModelKind;
    return {
      model: model === 'layers' ? { kind: model, layers: editor.layers() } : { kind: model },
      data:
        chosen('data') === 'files' ? { kind: 'files' } : { kind: 'digits', count: number('count') },
      optimizer: byId<HTMLSelectElement>('optimizer').value as TrainChoice['optimizer'],
      learningRate: number('rate'),
      schedule: byId<HTMLSelectElement>('schedule').value as TrainChoice['schedule'],
      batch: number('batch'),
      epochs: number('epochs'),
      workers: number('workers'),
      seed: number('seed'),
    };
  }

  const modelName = (): string => {
    const kind = chosen('model');
    if (kind === 'loaded') return byId('loaded-name').textContent ?? '';
    return { lenet5: 'LeNet-5', mlp: 'the dense net', layers: 'my layers' }[kind]!;
  };

  function update(): void {
    const { model, data, epochs, learningRate } = choice();
    byId('editor').hidden = model.kind !== 'layers';
    byId('model-note').textContent = modelNotes[model.kind];
    byId('digits-fields').hidden = data.kind !== 'digits';
    byId('files-fields').hidden = data.kind !== 'files';
    const optimizer = byId<HTMLSelectElement>('optimizer').selectedOptions[0]!.text;
    const what = data.kind === 'digits' ? `${count(data.count)} generated digits` : 'MNIST files';
    say(
      'summary',
      `${modelName()} · ${what} · ${optimizer} ${learningRate} · ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`,
    );
    changed();
  }

  form.addEventListener('input', (event) => {
    const { id, name, value } = event.target as HTMLInputElement;
    // Rates that are right for one optimizer or net are wrong for another.
    if (id === 'optimizer' || name === 'model') byId<HTMLInputElement>('rate').value = usualRate();
    if (name === 'model' && value === 'layers') send({ kind: 'check', layers: editor.layers() });
    update();
  });
  byId<HTMLInputElement>('data-files').addEventListener('change', (event) => {
    const { files } = event.target as HTMLInputElement;
    if (files?.length) send({ kind: 'open', files: [...files] });
  });
  update();

  return {
    editor,
    choice,
    modelName,
    onChange: (listener) => (changed = listener),
    ready({ workers }) {
      byId<HTMLInputElement>('workers').value = String(workers);
    },
    loaded(name) {
      byId('loaded-choice').hidden = false;
      byId('loaded-name').textContent = name;
      update();
    },
    opened(text) {
      document.querySelector<HTMLInputElement>('input[name="data"][value="files"]')!.checked = true;
      say('data-note', text);
      say('data-error', undefined);
      update();
    },
  };
}

function usualRate(): string {
  const optimizer = byId<HTMLSelectElement>('optimizer').value;
  if (optimizer === 'adam') return '0.002';
  return chosen('model') === 'lenet5' ? '0.1' : '0.05';
}
