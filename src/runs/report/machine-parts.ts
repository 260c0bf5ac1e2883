/** The report's section on machines that shared a run's steps: who computed how much, and what the wire took. */
import type { MachineFigures } from '../../crew/machines.js';
import type { MachineEvent } from '../../train/events.js';
import { machineAdvice, showGain } from '../machine-gain.js';
import { chartOf, thinned, type Chart } from './chart.js';
import { showBytes, showCount, showPercent } from './figures.js';
import { html, type Html } from '../../base/html.js';
import { chartSection } from './page-frame.js';
import type { RunRecords, SharedEpoch } from './records.js';
import { present, stepPoints } from './run-charts.js';

/** Most points of a curve, and most machines in the table. */
const MAX_POINTS = 1500;
const MAX_ROWS = 200;

/** The totals of all processes that the run took; shares and gain by the steps of each. */
function totalsOf(shared: readonly SharedEpoch[]): MachineFigures | undefined {
  const last = shared.at(-1)?.cluster;
  if (!last) return undefined;
  const steps = shared.reduce((sum, one) => sum + one.steps, 0);
  const weighed = (of: (figures: MachineFigures) => number) =>
    shared.reduce((sum, one) => sum + of(one.cluster) * one.steps, 0) / steps;
  const summed = (name: 'sent' | 'received' | 'redone') =>
    shared.reduce((sum, { cluster }) => sum + cluster[name], 0);
  const names = new Set(shared.flatMap(({ cluster }) => Object.keys(cluster.shares)));
  return {
    ...last,
    sent: summed('sent'),
    received: summed('received'),
    redone: summed('redone'),
    gain: weighed(({ gain }) => gain),
    shares: Object.fromEntries(
      [...names].map((name) => [name, weighed(({ shares }) => shares[name] ?? 0)]),
    ),
  };
}

/** The wire's share of the time of all steps that others may have shared; 0 without any. */
function wireOf({ steps }: RunRecords): number {
  const known = steps.filter(({ wire, seconds }) => Number.isFinite(wire) && seconds > 0);
  const total = known.reduce((sum, { seconds }) => sum + seconds, 0);
  return total > 0 ? known.reduce((sum, { wire, seconds }) => sum + wire! * seconds, 0) / total : 0;
}

/** The charts of `machinesSection`: the wire's share, and how many machines took part. */
export function machineCharts(records: RunRecords): Chart[] {
  const wire = stepPoints(records.steps, 'wire');
  if (wire.length === 0 && records.shared.length === 0) return [];
  return present([
    chartOf(
      {
        id: 'wire',
        title: 'Time that the wire took',
        caption: `Neither computing nor updating, the coordinator waited for others ${showPercent(wireOf(records), 0)} of the time.`,
        xLabel: 'step',
        format: 'percent',
        isFromZero: true,
      },
      [
        {
          label: 'share of time',
          kind: wire.length > 40 ? 'line' : 'points',
          tone: 1,
          points: wire,
        },
      ],
    ),
    chartOf(
      {
        id: 'machines',
        title: 'Machines',
        caption: 'How many machines shared a step.',
        xLabel: 'step',
        format: 'count',
        isFromZero: true,
      },
      [{ label: 'machines', kind: 'line', tone: 0, points: presenceOf(records) }],
    ),
  ]);
}

/** The changes by which a machine comes or goes, and by which the coordinator takes its steps alone or shares them. */
const PRESENCE: readonly MachineEvent['change'][] = ['joined', 'left', 'caught'];
const WAYS: readonly MachineEvent['change'][] = ['alone', 'sharing'];

/** The number of machines that share steps, just before and at each step at which it changed. */
function presenceOf({ machines, lastStep }: RunRecords): (readonly [number, number])[] {
  const there = new Set<string>();
  const points = new Map<number, number>([[0, 1]]);
  let isAlone = false;
  const count = () => (isAlone ? 1 : there.size + 1);
  for (const { machine, change, step } of machines) {
    if (![...PRESENCE, ...WAYS].includes(change)) continue;
    if (step > 0 && !points.has(step - 1)) points.set(step - 1, count());
    // When machines come or go, sharing is tried again.
    isAlone = change === 'alone';
    if (change === 'joined') there.add(machine);
    else if (PRESENCE.includes(change)) there.delete(machine);
    points.set(step, count());
  }
  points.set(lastStep, count());
  return thinned(
    [...points].toSorted(([a], [b]) => a - b),
    MAX_POINTS,
  );
}

interface Row {
  readonly machine: string;
  readonly threads: number | undefined;
  readonly share: number;
  readonly redone: number;
  readonly what: string;
}

function rowsOf(records: RunRecords, shares: MachineFigures['shares']): Row[] {
  const { machines, start } = records;
  const names = [...new Set([...Object.keys(shares), ...machines.map(({ machine }) => machine)])];
  const rows = names.map((machine): Row => {
    const own = machines.filter((event) => event.machine === machine);
    const joined = own.findLast(({ change }) => change === 'joined');
    const workers = start?.settings['workers'];
    const isCoordinator = own.every(({ change }) => WAYS.includes(change));
    return {
      machine,
      threads:
        joined?.threads ?? (isCoordinator && typeof workers === 'number' ? workers : undefined),
      share: shares[machine] ?? 0,
      redone: own.filter(({ change }) => change === 'redone').length,
      what: own
        .filter(({ change }) => change !== 'redone')
        .slice(-CHANGES)
        .map(changeWords)
        .join('; '),
    };
  });
  return rows.toSorted((a, b) => b.share - a.share);
}

/** Changes of one machine that its row names: the last ones. */
const CHANGES = 6;

const WORDS: Partial<Record<MachineEvent['change'], string>> = {
  alone: 'went on alone',
  sharing: 'shared its steps again',
};

const changeWords = ({ change, step, reason }: MachineEvent): string =>
  `${WORDS[change] ?? change}${step > 0 ? ` at step ${showCount(step)}` : ''}${reason === undefined ? '' : `: ${reason.slice(0, 300)}`}`;

/** The section of a run that machines shared; nothing for one that trained alone. */
export function machinesSection(records: RunRecords, charts: readonly Chart[]): Html {
  const totals = totalsOf(records.shared);
  if (!totals && records.machines.length === 0) return html``;
  const rows = rowsOf(records, totals?.shares ?? {});
  return html`${chartSection('Machines', totals ? sentence(records, totals) : '', charts)}
    <section>
      ${charts.length === 0 && html`<h2>Machines</h2>`}
      <div class="panel scroll layer">
        <table class="plain wide">
          <thead>
            <tr>
              <th></th>
              <th scope="col">threads</th>
              <th scope="col">share of the work</th>
              <th scope="col">parts that others redid</th>
              <th scope="col"></th>
            </tr>
          </thead>
          <tbody>
            ${rows.slice(0, MAX_ROWS).map(
              ({ machine, threads, share, redone, what }) =>
                html`<tr>
                  <th scope="row">${machine}</th>
                  <td>${threads === undefined ? '–' : showCount(threads)}</td>
                  <td>${showPercent(share, 1)}</td>
                  <td>${showCount(redone)}</td>
                  <td class="words">${what}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      ${rows.length > MAX_ROWS && html`<p class="soft">${rows.length - MAX_ROWS} more machines had less.</p>`}
    </section>`;
}

function sentence(records: RunRecords, totals: MachineFigures): string {
  const { sent, received, redone, gain, shares, share } = totals;
  const machines = Object.keys(shares).length;
  if (machines < 2) return 'No other machine took part.';
  const wire = wireOf(records);
  const advice = machineAdvice({ machines, wire, gain, ...(share && { share }) });
  const again = redone === 1 ? '1 part was' : `${showCount(redone)} parts were`;
  const last = records.machines.findLast(({ change }) => [...PRESENCE, ...WAYS].includes(change));
  return [
    ...(last?.change === 'alone'
      ? [
          `From step ${showCount(last.step)} on the coordinator went on alone, as that was faster, and tried sharing now and then.`,
        ]
      : []),
    `The machines were about ${showGain(gain)} times as fast as the coordinator alone, an estimate from its measured speed.`,
    `The coordinator sent ${showBytes(sent)} and received ${showBytes(received)}; ${again} computed again.`,
    ...(advice === undefined ? [] : [`${advice[0]!.toUpperCase()}${advice.slice(1)}.`]),
  ].join(' ');
}
