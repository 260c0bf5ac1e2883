/** The report's script (browser): draws the charts that the page holds as data, and updates them while it is served. */
import type { Chart } from '../chart.js';
import { draw, type Drawn } from './charts.js';

/** The data of the page, and of the server's answers. */
interface Page {
  readonly charts: readonly Chart[];
  /** Markup of the page's parts by name, when served. */
  readonly parts?: Readonly<Record<string, string>>;
}

const drawn = new Map<string, Drawn>();
/** The present markup of each part. */
const known = new Map<string, string>();

function show({ charts }: Page): void {
  for (const [id, chart] of drawn) {
    if (document.getElementById(id)) continue;
    chart.remove();
    drawn.delete(id);
  }
  for (const chart of charts) {
    const place = document.getElementById(chart.id);
    if (!place) continue;
    const before = drawn.get(chart.id);
    if (before) before.update(chart);
    else drawn.set(chart.id, draw(place, chart));
  }
}

/** Replaces parts that have changed; charts move into their new places. */
function replaceParts(parts: Readonly<Record<string, string>>): void {
  for (const [name, markup] of Object.entries(parts)) {
    const part = document.getElementById(`part-${name}`);
    if (!part || known.get(name) === markup) continue;
    known.set(name, markup);
    const next = document.createElement('template');
    next.innerHTML = markup;
    for (const id of drawn.keys())
      next.content.getElementById(id)?.replaceWith(document.getElementById(id)!);
    part.replaceChildren(next.content);
  }
}

const PERIOD_MS = 1000;

/** Asks for news once a second, while the page is visible. */
async function follow(status: HTMLElement): Promise<void> {
  let tag = '';
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    if (document.hidden) continue;
    try {
      const answer = await fetch('data.json', { headers: tag ? { 'If-None-Match': tag } : {} });
      status.textContent = answer.ok || answer.status === 304 ? 'live' : 'the server has an error';
      if (!answer.ok) continue;
      tag = answer.headers.get('ETag') ?? '';
      const page = (await answer.json()) as Page;
      replaceParts(page.parts ?? {});
      show(page);
    } catch {
      status.textContent = 'the server has ended; this is its last state';
    }
  }
}

show(JSON.parse(document.getElementById('data')!.textContent) as Page);
document.documentElement.dataset['drawn'] = String(drawn.size);
const status = document.getElementById('live');
if (status) void follow(status);
