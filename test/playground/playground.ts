/** The playground as its visitor has it: built, served, opened in a real browser, drawn on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  drag,
  findBrowser,
  openPage,
  startBrowser,
  type PageOptions,
  type WatchedPage,
} from '../support/browser.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Server {
  readonly url: string;
  close(): Promise<void>;
}

interface Example {
  buildPlayground(folder?: string): Promise<string>;
  servePlayground(folder: string, options?: { readonly isIsolated?: boolean }): Promise<Server>;
}

const example = async (): Promise<Example> => ({
  ...((await import(join(root, 'examples/playground/build.mjs'))) as Example),
  ...((await import(join(root, 'examples/playground/serve.mjs'))) as Example),
});

let built: Promise<string> | undefined;

/** Builds the playground, once a test file, in a folder of this process's own: files of tests run side by side. */
export const build = (): Promise<string> =>
  (built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-playground-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    return (await example()).buildPlayground(join(folder, 'playground'));
  })());

/** Serves the playground. */
export async function serve(isIsolated = true): Promise<Server> {
  const { servePlayground } = await example();
  return servePlayground(await build(), { isIsolated });
}

export const browserPath = findBrowser();

/** Opens the playground and waits for its engine. */
export async function visit(
  options: PageOptions & { readonly isIsolated?: boolean },
  check: (page: WatchedPage, url: string) => Promise<void>,
): Promise<void> {
  const server = await serve(options.isIsolated);
  const browser = await startBrowser(browserPath!);
  try {
    const page = await openPage(browser, server.url, options);
    await until(page, `!document.getElementById('train').disabled`);
    await check(page, server.url);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Waits until an expression is true on the page. */
export async function until(page: WatchedPage, expression: string, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await page.evaluate<boolean>(expression))) {
    if (performance.now() > end)
      throw new Error(`not in ${seconds} s: ${expression}; complaints: ${page.complaints.join()}`);
    await sleep(50);
  }
}

export const text = (page: WatchedPage, id: string): Promise<string> =>
  page.evaluate(`document.getElementById('${id}').textContent`);

/** Sets fields of the form by id, and tells it. */
export const fill = (
  page: WatchedPage,
  fields: Readonly<Record<string, number | string>>,
): Promise<void> =>
  page.evaluate(`(() => {
    for (const [id, value] of Object.entries(${JSON.stringify(fields)})) {
      const field = document.getElementById(id);
      field.value = String(value);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
  })()`);

export const click = (page: WatchedPage, selector: string): Promise<void> =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);

/** Until a run that was begun is over. */
export const trained = (page: WatchedPage, seconds = 120): Promise<void> =>
  until(page, `/^(Trained|Stopped)/.test(document.getElementById('status').textContent)`, seconds);

/** The share that a text like `97.8 %` shows. */
export const shareOf = (shown: string): number => Number(shown.replace(' %', '')) / 100;

/** Strokes over the sheet, from 0 to 1, as somebody writes them. */
export const drawings: Readonly<
  Record<string, readonly (readonly (readonly [number, number])[])[]>
> = {
  '0': [around(0.5, 0.5, 0.2, 0.32, -0.25, 1)],
  '1': [
    [
      [0.52, 0.15],
      [0.5, 0.5],
      [0.48, 0.85],
    ],
  ],
  '2': [
    [
      [0.3, 0.3],
      [0.36, 0.2],
      [0.5, 0.15],
      [0.64, 0.22],
      [0.67, 0.35],
      [0.6, 0.5],
      [0.45, 0.66],
      [0.3, 0.82],
      [0.5, 0.81],
      [0.72, 0.82],
    ],
  ],
  '3': [
    [
      [0.3, 0.25],
      [0.4, 0.18],
      [0.5, 0.16],
      [0.6, 0.2],
      [0.66, 0.28],
      [0.64, 0.38],
      [0.55, 0.45],
      [0.46, 0.48],
      [0.56, 0.51],
      [0.66, 0.58],
      [0.68, 0.7],
      [0.6, 0.8],
      [0.48, 0.84],
      [0.36, 0.8],
      [0.28, 0.72],
    ],
  ],
  '4': [
    [
      [0.4, 0.15],
      [0.34, 0.35],
      [0.28, 0.55],
      [0.5, 0.56],
      [0.74, 0.55],
    ],
    [
      [0.6, 0.3],
      [0.59, 0.6],
      [0.57, 0.88],
    ],
  ],
  '7': [
    [
      [0.28, 0.2],
      [0.5, 0.2],
      [0.72, 0.2],
      [0.6, 0.45],
      [0.5, 0.65],
      [0.44, 0.86],
    ],
  ],
};

/** A turn of an ellipse, from and to parts of it, as a polygon. */
function around(
  x: number,
  y: number,
  rx: number,
  ry: number,
  from: number,
  turn: number,
): (readonly [number, number])[] {
  return Array.from({ length: 25 }, (_, i) => {
    const angle = 2 * Math.PI * (from + (turn * i) / 24);
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

/** Draws a digit with a pointer, `scale` times as large, about the sheet's middle. */
export async function draw(
  page: WatchedPage,
  digit: string,
  {
    pointer = 'mouse',
    scale = 1,
    dx = 0,
  }: { pointer?: 'mouse' | 'touch'; scale?: number; dx?: number } = {},
): Promise<void> {
  await click(page, '#clear');
  const [left, top, size] = await page.evaluate<[number, number, number]>(`(() => {
    const pad = document.getElementById('pad');
    pad.scrollIntoView({ block: 'center' });
    const { left, top, width } = pad.getBoundingClientRect();
    return [left, top, width];
  })()`);
  for (const stroke of drawings[digit]!) {
    const points = stroke.map(
      ([x, y]) =>
        [
          left + size * (0.5 + dx + scale * (x - 0.5)),
          top + size * (0.5 + scale * (y - 0.5)),
        ] as const,
    );
    await drag(page, points, pointer);
  }
}

/** The answer of the bars, once they show that of the current drawing. */
export async function read(page: WatchedPage, expected: string): Promise<string> {
  const best = `document.querySelector('#bars .best span')?.textContent`;
  // The answer takes some milliseconds; what it is then is what counts.
  await until(page, `${best} === '${expected}'`, 3).catch(() => {});
  return page.evaluate<string>(best);
}

/** Puts a screenshot into the folder that PLAYGROUND_SHOTS names, to be looked at. */
export async function shoot(page: WatchedPage, name: string): Promise<void> {
  const folder = process.env['PLAYGROUND_SHOTS'];
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.png`), await page.screenshot({ fullPage: true }));
}
