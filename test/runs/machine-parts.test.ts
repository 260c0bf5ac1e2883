/** The report's section on machines: its totals are those of all processes, and it is left out where none shared a step. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MachineFigures } from '../../src/crew/machines.js';
import type { LoggedEvent } from '../../src/train/events.js';
import { machineCharts, machinesSection } from '../../src/runs/report/machine-parts.js';
import { recordsOf } from '../../src/runs/report/records.js';
import { runReport } from '../../src/runs/report/run-report.js';
import { everyEvent, stepEvent } from './sample-events.js';

const [start] = everyEvent;

const figures: MachineFigures = {
  machines: 2,
  threads: 4,
  wire: 0.25,
  sent: 2 ** 20,
  received: 2 ** 21,
  gain: 1.5,
  redone: 0,
  shares: { coordinator: 0.6, b: 0.4 },
};

const epoch = (n: number, cluster?: MachineFigures): LoggedEvent => ({
  event: 'epoch',
  epoch: n,
  step: n * 10,
  loss: 1 / n,
  imagesPerSecond: 1000,
  seconds: 2,
  ...(cluster ? { cluster } : {}),
});

const textOf = (events: readonly LoggedEvent[]): string => {
  const records = recordsOf(events);
  return machinesSection(records, machineCharts(records))
    .html.replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
};

test('a run alone has no such section, and one that nobody joined says so', () => {
  assert.is(textOf([start!, epoch(1)]), '');
  const alone = { ...figures, machines: 1, wire: 0, gain: 1, shares: { coordinator: 1 } };
  assert.match(textOf([start!, epoch(1, alone)]), 'No other machine took part.');
});

test('shares, bytes and the gain are those of the last epoch of each process, by its steps', () => {
  const text = textOf([
    start!,
    { event: 'machine', machine: 'b', change: 'joined', step: 3, threads: 2 },
    epoch(1, { ...figures, sent: 77 }),
    epoch(2, figures),
    { ...start!, resumedAt: 20 } as LoggedEvent,
    epoch(3, {
      ...figures,
      redone: 2,
      gain: 3,
      shares: { coordinator: 0.3, b: 0.4, 'c<i>': 0.3 },
    }),
    { event: 'machine', machine: 'b', change: 'redone', step: 25 },
    { event: 'machine', machine: 'b', change: 'left', step: 26, reason: 'it is <b>gone</b>' },
  ]);
  assert.match(text, 'about 2 times as fast as the coordinator alone, an estimate');
  assert.match(
    text,
    'The coordinator sent 2.0 MiB and received 4.0 MiB; 2 parts were computed again.',
  );
  assert.match(text, / coordinator – 50\.0 % 0 /);
  assert.match(text, / b 2 40\.0 % 1 joined at step 3; left at step 26: it is &lt;b&gt;gone/);
  assert.match(text, / c&lt;i&gt; – 10\.0 % 0 /);
});

test('the page says what to do where machines made the run slower', () => {
  const text = textOf([
    start!,
    { ...stepEvent(9), wire: 0.7 },
    epoch(1, { ...figures, gain: 0.5 }),
  ]);
  assert.match(text, 'One machine alone is faster (about 2 times; the wire takes 70 %)');
});

test('the page says from which step on a run went on alone, and counts one machine there', () => {
  const alone = 'a step takes 4 ms alone and 9 ms shared';
  const events: readonly LoggedEvent[] = [
    { ...start!, settings: { workers: 3 } } as unknown as LoggedEvent,
    { event: 'machine', machine: 'b', change: 'joined', step: 0, threads: 2 },
    { event: 'machine', machine: 'coordinator', change: 'alone', step: 28, reason: alone },
    epoch(4, { ...figures, gain: 0.5, share: 'auto' }),
    { event: 'machine', machine: 'coordinator', change: 'sharing', step: 60, reason: 'x' },
    { event: 'machine', machine: 'coordinator', change: 'alone', step: 70, reason: alone },
    epoch(9, { ...figures, gain: 0.5, share: 'auto' }),
  ];
  const text = textOf(events);
  assert.match(text, 'From step 70 on the coordinator went on alone, as that was faster');
  assert.not.match(text, 'leave the cluster out');
  assert.match(text, / coordinator 3 60\.0 % 0 went on alone at step 28: a step takes 4 ms alone/);
  assert.match(text, 'shared its steps again at step 60: x; went on alone at step 70');
  const charts = machineCharts(recordsOf(events));
  assert.equal(
    charts.map(({ id, x, series }) => [id, x, series[0]!.values]),
    [['machines', [0, 27, 28, 59, 60, 69, 70, 90], [2, 2, 1, 1, 2, 2, 1, 1]]],
  );
  const joined: LoggedEvent = { event: 'machine', machine: 'c', change: 'joined', step: 80 };
  const shared = [...events, joined];
  assert.not.match(textOf(shared), 'went on alone, as');
  assert.is(machineCharts(recordsOf(shared))[0]!.series[0]!.values.at(-1), 3);
});

test('the charts show the wire’s share, and how many machines there were at each step', () => {
  const charts = machineCharts(
    recordsOf([
      start!,
      { event: 'machine', machine: 'b', change: 'joined', step: 5, threads: 2 },
      { ...stepEvent(10), wire: 0.25 },
      epoch(1, figures),
      { event: 'machine', machine: 'b', change: 'left', step: 15 },
      { ...stepEvent(20), wire: 0.75 },
    ]),
  );
  assert.equal(
    charts.map(({ id, x, series }) => [id, x, series[0]!.values]),
    [
      ['wire', [10, 20], [0.25, 0.75]],
      ['machines', [0, 4, 5, 14, 15, 20], [1, 1, 2, 2, 1, 1]],
    ],
  );
  assert.match(charts[0]!.caption, 'waited for others 50 % of the time');
  const report = runReport({ name: 'r', records: recordsOf(everyEvent), evaluation: undefined });
  assert.match(report.parts['machines']!.html, 'id="wire"');
  assert.ok(report.charts.some(({ id }) => id === 'machines'));
});

test.run();
