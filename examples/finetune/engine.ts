/** The engine of the page, in a module worker: it reads ONNX files, trains, predicts, and writes ONNX files. */
import type { LanewiseError, TrainedModel } from 'lanewise';
import { writeOnnx } from 'lanewise/onnx';
import { exampleFile } from './example-net.js';
import { learn } from './learning.js';
import type { FromEngine, Learning, ToEngine } from './messages.js';
import { readFiles, scaled, type Read } from './reading.js';

const tell = (message: FromEngine, transfer: Transferable[] = []): void =>
  (self as unknown as Worker).postMessage(message, transfer);

/** The file's model, from which every training begins. */
let base: Read | undefined;
/** The model that predicts and is saved, once it was trained. */
let tuned: TrainedModel | undefined;
/** The file's model with its pictures' scale, made once for each scale. */
let seen: { readonly of: Read; readonly scale: string; readonly model: TrainedModel } | undefined;
let stopping: AbortController | undefined;

async function open(message: Extract<ToEngine, { kind: 'open' }>): Promise<void> {
  tell({ kind: 'progress', what: `reading ${message.files.map(({ name }) => name).join(', ')}` });
  base = await readFiles(message.files, message.reading);
  tuned = undefined;
  tell({ kind: 'opened', ...base.opened });
}

async function openExample(): Promise<void> {
  const what = 'training the example, a net that tells drawn digits apart';
  const file = await exampleFile((done) => tell({ kind: 'progress', what, done }));
  await open({ kind: 'open', files: [file], reading: {} });
}

async function fineTune(settings: Learning): Promise<void> {
  if (!base?.opened.picture) return;
  stopping = new AbortController();
  const begun = scaled(base.trained, settings.scale);
  const { model, trained } = await learn(begun, settings, base.opened.picture, {
    signal: stopping.signal,
    onFeatures: (done) =>
      tell({ kind: 'progress', what: 'computing what the head takes, once', done }),
    onProgress: ({ epoch, epochs, samplesDone, samples, loss }) =>
      tell({
        kind: 'progress',
        what: `epoch ${epoch} of ${epochs}, loss ${loss.toFixed(3)}`,
        done: (epoch - 1 + samplesDone / samples) / epochs,
      }),
  });
  tuned = model;
  tell({ kind: 'trained', ...trained });
}

async function predict({ picture, scale }: Extract<ToEngine, { kind: 'predict' }>): Promise<void> {
  if (!base?.opened.picture) return;
  if (!tuned && (seen?.of !== base || seen.scale !== scale))
    seen = { of: base, scale, model: scaled(base.trained, scale) };
  const { scores } = await (tuned ?? seen!.model).predict(picture, base.opened.picture);
  tell({ kind: 'prediction', scores: [...scores] });
}

function save(): void {
  if (!base || !tuned) return;
  const bytes = writeOnnx(tuned) as Uint8Array<ArrayBuffer>;
  const name = base.opened.name.replace(/(-tuned)?(\.onnx)?$/i, '-tuned.onnx');
  tell({ kind: 'saved', bytes, name }, [bytes.buffer]);
}

async function act(message: ToEngine): Promise<void> {
  switch (message.kind) {
    case 'open':
      return open(message);
    case 'example':
      return openExample();
    case 'train':
      return fineTune(message);
    case 'stop':
      return stopping?.abort();
    case 'predict':
      return predict(message);
    case 'save':
      return save();
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToEngine>) => {
  act(data).catch((error: unknown) => {
    const { message, hint } = error as LanewiseError;
    tell({ kind: 'refused', of: data.kind, message, ...(hint ? { hint } : {}) });
  });
});
tell({ kind: 'ready' });
