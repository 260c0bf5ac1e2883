/**
 * The playground's own thread: everything of Lanewise happens here, so that the page does nothing but draw. Where
 * the page is isolated, training has threads of its own below this one.
 */
import {
  decodeModel,
  encodeModel,
  init,
  LanewiseError,
  withWeights,
  type Model,
  type TrainedModel,
} from 'lanewise';
import type { FromEngine, ModelChoice, Subject, ToEngine } from '../messages.js';
import { filtersOf } from './filters.js';
import { checkLayers, factsOf, knownModels, layersModel } from './models.js';
import { digitSamples, openFiles, type Samples } from './samples.js';
import { startRun, validate, type Run } from './training.js';

/** The source and the receiver of pictures of digits. */
const SIDE = 28;
/** Training digits that are drawn ahead of time. */
const USUAL_COUNT = 8000;

const tell = (message: FromEngine, transfer: Transferable[] = []): void =>
  (self as unknown as Worker).postMessage(message, transfer);

function refuse(about: Subject, error: unknown): void {
  const { message, hint } = error as LanewiseError;
  tell({ kind: 'refused', about, message, ...(hint === undefined ? {} : { hint }) });
  if (!(error instanceof LanewiseError)) console.error(error);
}

/** The current model: in training, trained, or from a file. */
let current: { trained: TrainedModel; name: string } | undefined;
let files: Samples | undefined;
/** The validation samples of the last run. */
let samples: Samples | undefined;
let run: Run | undefined;
let shown = 0;

const usualSamples = (): Promise<Samples> =>
  samples ? Promise.resolve(samples) : digitSamples(USUAL_COUNT, () => {});

function modelOf(choice: ModelChoice): { model: Model; name: string } {
  switch (choice.kind) {
    case 'lenet5':
      return { model: knownModels.lenet5(), name: 'lenet5' };
    case 'mlp':
      return { model: knownModels.mlp(), name: 'mlp' };
    case 'layers':
      return { model: layersModel(choice.layers), name: 'model' };
    case 'loaded':
      if (current) return { model: current.trained.model, name: current.name };
      throw new LanewiseError('argument', 'no model has been loaded', 'open a model file first');
  }
}

async function trainRun({ choice }: Extract<ToEngine, { kind: 'train' }>): Promise<void> {
  const { model, name } = modelOf(choice.model);
  const weights = choice.model.kind === 'loaded' ? current?.trained.weights : undefined;
  if (choice.data.kind === 'files' && !files) {
    throw new LanewiseError('data', 'no files are open', 'choose or drop MNIST’s files first');
  }
  const found =
    choice.data.kind === 'files'
      ? files!
      : await digitSamples(choice.data.count, (done, total) =>
          tell({ kind: 'preparing', done, total }),
        );
  samples = found;
  const { classes } = found.training;
  tell({
    kind: 'started',
    model: factsOf(name, model),
    validation: found.validation.labels.length,
  });
  run = startRun(model, choice, found, {
    tell,
    keep: (kept) => (current = { trained: withWeights(model, kept, { classes }), name }),
    ...(weights ? { weights } : {}),
  });
  try {
    current = { trained: await run.result, name };
  } finally {
    run = undefined;
  }
}

async function load(file: File): Promise<void> {
  const trained = decodeModel(new Uint8Array(await file.arrayBuffer()), file.name);
  // The samples' shape may not fit this model; it is loaded all the same, and says so when it predicts.
  const validation = await validate(trained, (await usualSamples()).validation).catch(
    () => undefined,
  );
  const name = file.name.replace(/\.safetensors$/, '');
  current = { trained, name };
  const filters = filtersOf(trained.model, trained.weights);
  tell({
    kind: 'loaded',
    name: file.name,
    model: factsOf(name, trained.model),
    sha256: await trained.sha256(),
    ...(filters ? { filters } : {}),
    ...(validation ? { validation } : {}),
  });
}

async function predict(id: number, pixels: Uint8Array): Promise<void> {
  if (!current) {
    tell({ kind: 'prediction', id, classes: [], scores: [] });
    return;
  }
  const { trained } = current;
  const { scores } = await trained.predict(pixels, [1, SIDE, SIDE]);
  const classes = trained.classes ?? Array.from(scores, (_, i) => String(i));
  tell({ kind: 'prediction', id, classes, scores: [...scores] });
}

function save(): void {
  if (!current) throw new LanewiseError('argument', 'there is no model yet', 'train one first');
  const bytes = encodeModel(current.trained) as Uint8Array<ArrayBuffer>;
  tell({ kind: 'saved', name: `${current.name}.safetensors`, bytes }, [bytes.buffer]);
}

/** One validation sample after another. */
async function showSample(): Promise<void> {
  const { validation } = await usualSamples();
  const i = shown++ % validation.labels.length;
  const size = SIDE * SIDE;
  const pixels = Uint8Array.from(
    (validation.samples as Uint8Array).subarray(i * size, (i + 1) * size),
  );
  tell({ kind: 'sample', pixels, label: validation.classes[validation.labels[i]!]! });
}

async function open(given: readonly File[]): Promise<void> {
  files = await openFiles(given);
  tell({
    kind: 'opened',
    name: given.map(({ name }) => name).join(', '),
    training: files.training.labels.length,
    validation: files.validation.labels.length,
  });
}

const about: Partial<Record<ToEngine['kind'], Subject>> = {
  check: 'model',
  open: 'data',
  load: 'file',
  save: 'file',
  predict: 'predict',
  sample: 'predict',
};

async function answer(message: ToEngine): Promise<void> {
  switch (message.kind) {
    case 'check': {
      const { layers, model } = checkLayers(message.layers);
      const parameters = model ? { parameters: factsOf('', model).parameters } : {};
      return tell({ kind: 'checked', layers, ...parameters });
    }
    case 'open':
      return open(message.files);
    case 'train':
      return trainRun(message);
    case 'pause':
    case 'resume':
    case 'stop':
      return run?.[message.kind]();
    case 'save':
      return save();
    case 'load':
      return load(message.file);
    case 'sample':
      return showSample();
    case 'predict':
      return predict(message.id, message.pixels);
  }
}

addEventListener('message', ({ data }: MessageEvent<ToEngine>) => {
  answer(data).catch((error: unknown) => refuse(about[data.kind] ?? 'train', error));
});

init().then(
  (facts) => {
    tell({ kind: 'ready', facts });
    // This happens while the visitor reads.
    void usualSamples();
  },
  (error: unknown) => refuse('engine', error),
);
