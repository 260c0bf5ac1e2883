/** A headless Chromium, the system's, driven by Playwright: pages, and their complaints. */
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { onPath } from './engines.js';

export type { Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** The environment's CHROME, or the first on the path; undefined where there is none. */
export function findBrowser(): string | undefined {
  return process.env['CHROME'] ?? onPath(NAMES);
}

/** The environment's FIREFOX, or the first on the path; undefined where there is none. */
export const findFirefox = (): string | undefined =>
  process.env['FIREFOX'] ?? onPath(['firefox-esr', 'firefox']);

/** `more` are further flags, such as a camera that plays a file. */
export const startBrowser = (path: string, more: readonly string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: path, args: ['--disable-gpu', ...more] });

/** A page that remembers; workers below it, and below those, are part of it. */
export interface WatchedPage extends Page {
  /** Errors, exceptions and warnings of the browser, such as refusals by the page's policy. */
  readonly complaints: readonly string[];
  /** Addresses that it asked for, data URIs aside. */
  readonly addresses: readonly string[];
}

export interface PageOptions {
  /** What the page may use without asking, such as a camera. */
  readonly permissions?: readonly string[];
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
  /** Where files go that the page lets one download. */
  readonly downloads?: string;
}

/** Opens an address; resolves when it is loaded. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280, height = 900, isDark = false, downloads, permissions }: PageOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({
    viewport: { width, height },
    isMobile: width < 600,
    colorScheme: isDark ? 'dark' : 'light',
    ...(permissions ? { permissions: [...permissions] } : {}),
  });
  const complaints: string[] = [];
  const addresses: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) addresses.push(request.url());
  });
  page.on('download', (download) => {
    if (downloads !== undefined)
      void download.saveAs(join(downloads, download.suggestedFilename()));
  });
  await page.goto(url);
  return Object.assign(page, { complaints, addresses });
}

export type Point = readonly [x: number, y: number];

/** Moves the mouse, or a finger, along points of the window, pressed from the first to the last. */
export async function drag(
  page: Page,
  points: readonly Point[],
  pointer: 'mouse' | 'touch',
): Promise<void> {
  if (pointer === 'touch') return dragFinger(page, points);
  for (const [i, [x, y]] of points.entries()) {
    await page.mouse.move(x, y);
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

/** Playwright's finger only taps. */
async function dragFinger(page: Page, points: readonly Point[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (const [i, [x, y]] of points.entries()) {
    const type = i === 0 ? 'touchStart' : 'touchMove';
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: [{ x, y }] });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}

/** A task of the main thread, in milliseconds. */
export interface Task {
  /** By the clock: other programs may have had the processor meanwhile. */
  readonly wall: number;
  /** The processor's time. */
  readonly cpu: number;
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

/** What pages' main threads did until `during` was over: their tasks of a millisecond and more. */
export async function traceTasks(page: Page, during: () => Promise<unknown>): Promise<Task[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel'] });
  await during();
  const trace = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    trace.traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return trace.traceEvents
    .filter(({ name, pid, tid }) => name.endsWith('RunTask') && threads.has(`${pid} ${tid}`))
    .map(({ dur = 0, tdur = 0 }) => ({ wall: dur / 1000, cpu: tdur / 1000 }))
    .filter(({ wall }) => wall >= 1);
}
