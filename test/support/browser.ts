/** A headless Chromium under our control, by its DevTools protocol over a pipe: pages to look at, and what they complain of. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { onPath } from './engines.js';

const PATIENCE_MS = 20_000;
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
  close(): Promise<void>;
}

export interface PageOptions {
  readonly width?: number;
  readonly isDark?: boolean;
}

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
    async open(url, { width = 1280, isDark = false } = {}) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const attached = await send('Target.attachToTarget', { targetId, flatten: true });
      const session = attached['sessionId'] as string;
      const call = (method: string, params: object = {}) => send(method, params, session);
      const complaints: string[] = [];
      const requests: string[] = [];
      const loaded = new Promise<void>((resolve) => {
        listeners.set(session, ({ method, params = {} }) => {
          if (method === 'Page.loadEventFired') resolve();
          if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params));
          if (method === 'Runtime.consoleAPICalled' && params['type'] === 'error')
            complaints.push(JSON.stringify(params['args']));
          const entry = params['entry'] as { level: string; text: string } | undefined;
          if (method === 'Log.entryAdded' && entry!.level !== 'info') complaints.push(entry!.text);
          const request = params['request'] as { url: string } | undefined;
          if (method === 'Network.requestWillBeSent' && !request!.url.startsWith('data:'))
            requests.push(request!.url);
        });
      });
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
      await call('Emulation.setDeviceMetricsOverride', {
        width,
        height: 900,
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
        async close() {
          listeners.delete(session);
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
