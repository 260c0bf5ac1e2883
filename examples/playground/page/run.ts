/** The run's controls and figures: one button to start, pause and resume; progress; and sentences for screen readers. */
import type { EngineFacts, FromEngine, Progress } from '../messages.js';
import type { Send } from './connection.js';
import { byId, say } from './dom.js';
import type { Setup } from './setup.js';
import { count, duration, loss, percent, speed } from './show.js';

/** Milliseconds between two sentences for screen readers. */
const SPOKEN_MS = 10_000;

type State = 'starting' | 'idle' | 'preparing' | 'training' | 'paused';

export interface RunView {
  ready(facts: EngineFacts): void;
  tell(message: FromEngine): void;
  /** The setup has changed: the button's text follows. */
  refresh(): void;
}

/** A note of the engine, as part of a text. */
const sentence = (note: string): string =>
  `${note.charAt(0).toUpperCase()}${note.slice(1).replace(/\.$/, '')}.`;

export function createRun(send: Send, setup: Setup): RunView {
  const button = byId<HTMLButtonElement>('train');
  const stop = byId<HTMLButtonElement>('stop');
  const bar = byId<HTMLProgressElement>('progress');
  let state: State = 'starting';
  let spokenAt = 0;
  let accuracy: number | undefined;

  function become(next: State): void {
    state = next;
    refresh();
  }

  function refresh(): void {
    const isBusy = state === 'preparing' || state === 'training' || state === 'paused';
    button.disabled = state === 'starting';
    // A disabled button would lose the focus of keyboard users.
    button.setAttribute('aria-disabled', String(state === 'preparing'));
    button.textContent = {
      starting: 'Starting …',
      idle: `Train ${setup.modelName()}`,
      preparing: 'Preparing …',
      training: 'Pause',
      paused: 'Go on',
    }[state];
    stop.disabled = state !== 'training' && state !== 'paused';
    for (const field of document.querySelectorAll<HTMLFieldSetElement>('#settings fieldset'))
      field.disabled = isBusy;
  }

  function speak(text: string, isUrgent = false): void {
    const now = performance.now();
    if (!isUrgent && now - spokenAt < SPOKEN_MS) return;
    spokenAt = now;
    say('live', text);
  }

  button.addEventListener('click', () => {
    if (state === 'idle') {
      say('train-error', undefined);
      become('preparing');
      send({ kind: 'train', choice: setup.choice() });
    } else if (state === 'training') {
      send({ kind: 'pause' });
      become('paused');
      say('status', 'Paused');
    } else if (state === 'paused') {
      send({ kind: 'resume' });
      become('training');
    }
  });
  stop.addEventListener('click', () => send({ kind: 'stop' }));

  function show({ epoch, epochs, share, imagesPerSecond, secondsLeft }: Progress): void {
    bar.value = share;
    say('speed', speed(imagesPerSecond));
    say('left', duration(secondsLeft));
    if (state === 'training') say('status', `Epoch ${epoch} of ${epochs}`);
    const known = accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`;
    speak(`Epoch ${epoch} of ${epochs}${known}, ${duration(secondsLeft)} left.`);
  }

  return {
    refresh,
    ready({ numerics, threads, workers, notes }) {
      const rounding =
        numerics === 'fused'
          ? 'Fused multiply-add'
          : 'Strict rounding (no fused multiply-add here)';
      const where =
        threads === 'shared'
          ? `${workers} ${workers === 1 ? 'thread' : 'threads'} on shared memory`
          : 'one thread beside the page';
      say('facts', [`WebAssembly SIMD. ${rounding}, ${where}.`, ...notes.map(sentence)].join(' '));
      say('status', 'Ready. It takes some seconds.');
      become('idle');
    },
    tell(message) {
      switch (message.kind) {
        case 'preparing':
          if (state === 'preparing')
            say('status', `Drawing digits: ${count(message.done)} of ${count(message.total)}`);
          return;
        case 'started':
          accuracy = undefined;
          for (const id of ['accuracy', 'loss', 'speed', 'left']) say(id, '–');
          bar.value = 0;
          become('training');
          say('status', `${count(message.model.parameters)} parameters, on their way`);
          return speak('Training has begun.', true);
        case 'progress': {
          const last = message.points.at(-1);
          if (last) say('loss', loss(last.loss));
          return show(message.progress);
        }
        case 'validated':
          ({ accuracy } = message.validation);
          return say('accuracy', percent(accuracy));
        case 'finished': {
          const how = message.isStopped ? 'Stopped after' : 'Trained in';
          const text = `${how} ${message.seconds.toFixed(1)} s`;
          become('idle');
          say('status', text);
          say('left', '–');
          return speak(
            accuracy === undefined ? text : `${text}, accuracy ${percent(accuracy)}.`,
            true,
          );
        }
        case 'loaded': {
          ({ accuracy } = message.validation ?? { accuracy: undefined });
          say('accuracy', accuracy === undefined ? '–' : percent(accuracy));
          say('loss', message.validation ? loss(message.validation.loss) : '–');
          return;
        }
        case 'refused': {
          const text = [message.message, message.hint].filter(Boolean).join(' – ');
          if (message.about !== 'train' && message.about !== 'engine') return;
          say('train-error', text);
          say('status', message.about === 'engine' ? 'The engine cannot run here.' : 'Not trained');
          if (message.about === 'train') become('idle');
          return;
        }
        default:
      }
    },
  };
}
