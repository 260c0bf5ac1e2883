/** A headless Chromium under our control, by its DevTools protocol over a pipe: pages to look at, and what they complain of. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { onPath } from './engines.js';

const PATIENCE_MS = 60_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** The environment's CHROME, or the first on the path; undefined where there is none. */
export function findBrowser(): string | undefined {
  return process.env['CHROME'] ?? onPath(NAMES);
}

/** The environment's FIREFOX, or the first on the path; undefined where there is none. */
export const findFirefox = (): string | undefined =>
  process.env['FIREFOX'] ?? onPath(['firefox-esr', 'firefox']);

export interface Page {
  /** Errors and exceptions on its console, requests that its policy refused. */
  readonly complaints: readonly string[];
  /** Addresses that it asked for, data URIs aside. */
  readonly requests: readonly string[];
  /** The value of an expression, awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** PNG of the whole page. */
  screenshot(): Promise<Buffer>;
  /** Moves the mouse, a finger or a pen along points of the window, pressed from the first to the last. */
  drag(points: readonly Point[], pointer?: 'mouse' | 'touch'): Promise<void>;
  /** Presses and lets go a key by its name, as in KeyboardEvent.key. */
  press(key: string): Promise<void>;
  /** Types text into what has the focus. */
  type(text: string): Promise<void>;
  /** What the page's main thread did until `during` was over: its tasks of a millisecond and more. */
  trace(during: () => Promise<unknown>): Promise<readonly Task[]>;
  /** Chooses files in the input that the selector finds. */
  choose(selector: string, paths: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** A task of the main thread, in milliseconds. */
export interface Task {
  /** By the clock: other programs may have had the processor meanwhile. */
  readonly wall: number;
  /** Of the processor's time. */
  readonly cpu: number;
}

export type Point = readonly [x: number, y: number];

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
  /** Where files go that the page lets one download. */
  readonly downloads?: string;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Microseconds. */
  readonly dur?: number;
  readonly tdur?: number;
}

/** Those that pages' main threads ran, from a trace of all threads of all processes. */
function mainTasks(events: readonly TraceEvent[]): Task[] {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return events
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && threads.has(`${pid} ${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ wall: dur / 1000, cpu: tdur / 1000 }))
    .filter(({ wall }) => wall >= 1);
}

/** What the browser wants to know of a key besides its name. */
const KEYS: Readonly<Record<string, { readonly code: number; readonly text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: '\r' },
  Escape: { code: 27 },
  ' ': { code: 32, text: ' ' },
  ArrowLeft: { code: 37 },
  ArrowUp: { code: 38 },
  ArrowRight: { code: 39 },
  ArrowDown: { code: 40 },
};

export interface Browser {
  open(url: string, options?: PageOptions): Promise<Page>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export async function startBrowser(path: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'lanewise-browser-'));
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--hide-scrollbars',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
  ];
  const child = spawn(path, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const input = child.stdio[3] as Writable;
  const output = child.stdio[4] as Readable;
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Map<string, (message: Message) => void>();
  let sent = 0;
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop()!;
    for (const each of messages) {
      const message = JSON.parse(each) as Message;
      if (message.id === undefined) listeners.get(message.sessionId ?? '')?.(message);
      else waiting.get(message.id)?.(message);
    }
  });
  const send = (method: string, params: object = {}, sessionId?: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const id = ++sent;
      const timer = setTimeout(
        () => reject(new Error(`${method}: no answer in ${PATIENCE_MS / 1000} s`)),
        PATIENCE_MS,
      );
      waiting.set(id, ({ result, error }) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result!);
      });
      input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });

  return {
    async open(url, { width = 1280, height = 900, isDark = false, downloads } = {}) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const attached = await send('Target.attachToTarget', { targetId, flatten: true });
      const session = attached['sessionId'] as string;
      const call = (method: string, params: object = {}) => send(method, params, session);
      const complaints: string[] = [];
      const sessions = [session];
      const requests: string[] = [];
      let traced: TraceEvent[] = [];
      let traceEnded = () => {};
      const loaded = new Promise<void>((resolve) => {
        const listen = ({ method, params = {} }: Message): void => {
          if (method === 'Page.loadEventFired') resolve();
          if (method === 'Tracing.dataCollected') traced.push(...(params['value'] as TraceEvent[]));
          if (method === 'Tracing.tracingComplete') traceEnded();
          // Workers have consoles of their own, and workers below them.
          if (method === 'Target.attachedToTarget') {
            const below = params['sessionId'] as string;
            listeners.set(below, listen);
            sessions.push(below);
            watch(below).catch(() => {});
          }
          if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params));
          if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error')
            complaints.push(JSON.stringify(params['args']));
          const entry = params['entry'] as { level: string; text: string } | undefined;
          if (method === 'Log.entryAdded' && entry!.level !== 'info') complaints.push(entry!.text);
          const request = params['request'] as { url: string } | undefined;
          if (method === 'Network.requestWillBeSent' && !request!.url.startsWith('data:'))
            requests.push(request!.url);
        };
        listeners.set(session, listen);
      });
      /** A worker may be gone before it is asked. */
      const watch = async (target: string): Promise<void> => {
        for (const domain of ['Runtime', 'Log', 'Network'])
          await send(`${domain}.enable`, {}, target);
        const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: true };
        await send('Target.setAutoAttach', attach, target);
      };
      await call('Page.enable');
      await watch(session);
      if (downloads !== undefined)
        await send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      const scheme = { name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' };
      await call('Emulation.setEmulatedMedia', { features: [scheme] });
      await call('Page.navigate', { url });
      await loaded;
      return {
        complaints,
        requests,
        async evaluate<T>(expression: string) {
          const { result, exceptionDetails } = await call('Runtime.evaluate', {
            expression,
            awaitPromise: true,
            returnByValue: true,
          });
          if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
          return (result as { value: T }).value;
        },
        async screenshot() {
          const { data } = await call('Page.captureScreenshot', {
            format: 'png',
            captureBeyondViewport: true,
          });
          return Buffer.from(data as string, 'base64');
        },
        async drag(points, pointer = 'mouse') {
          const last = points.length - 1;
          for (const [i, [x, y]] of points.entries()) {
            if (pointer === 'touch') {
              const type = i === 0 ? 'touchStart' : 'touchMove';
              await call('Input.dispatchTouchEvent', { type, touchPoints: [{ x, y }] });
            } else {
              const type = i === 0 ? 'mousePressed' : 'mouseMoved';
              const button = { button: 'left', buttons: 1, clickCount: i === 0 ? 1 : 0 };
              await call('Input.dispatchMouseEvent', { type, x, y, ...button });
            }
          }
          const [x, y] = points[last]!;
          if (pointer === 'touch')
            await call('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
          else
            await call('Input.dispatchMouseEvent', {
              type: 'mouseReleased',
              x,
              y,
              button: 'left',
              clickCount: 1,
            });
        },
        async press(key) {
          const text = KEYS[key]?.text;
          const event = { key, code: key, windowsVirtualKeyCode: KEYS[key]?.code ?? 0 };
          await call('Input.dispatchKeyEvent', {
            type: text === undefined ? 'rawKeyDown' : 'keyDown',
            ...event,
            ...(text === undefined ? {} : { text }),
          });
          await call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
        },
        async type(text) {
          await call('Input.insertText', { text });
        },
        async trace(during) {
          traced = [];
          const ended = new Promise<void>((resolve) => (traceEnded = resolve));
          const traceConfig = {
            includedCategories: ['toplevel'],
            recordMode: 'recordContinuously',
          };
          await call('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
          await during();
          await call('Tracing.end');
          await ended;
          return mainTasks(traced);
        },
        async choose(selector, paths) {
          const { result } = await call('Runtime.evaluate', {
            expression: `document.querySelector(${JSON.stringify(selector)})`,
          });
          const { objectId } = result as { objectId: string };
          await call('DOM.setFileInputFiles', { files: paths, objectId });
        },
        async close() {
          for (const each of sessions) listeners.delete(each);
          await send('Target.closeTarget', { targetId });
        },
      };
    },
    async close() {
      await send('Browser.close').catch(() => {});
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
