/** The reader of a table's columns: today's form, earlier ones, and 10,000 changed ones. */
// slow: 10,000 changed tables
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { encodeRows, type Rows } from '../../src/data/encode-rows.js';
import { readTableFormat } from '../../src/data/read-table.js';
import type { TableFormat } from '../../src/data/table-format.js';
import { widthOfTable } from '../../src/data/write-cell.js';
import { mutations } from '../support/mutations.js';

const table: TableFormat = {
  columns: [
    { name: 'age', type: 'number', missing: 3, flag: true, unit: 'years' },
    { name: 'port', type: 'class', classes: ['C', 'S', ''], missing: '' },
    { name: 'at', type: 'date', parts: ['time', 'week'], missing: '2024-01-01', flag: true },
  ],
  targets: [
    { name: 'price', type: 'number', unit: '€' },
    { name: 'kind', type: 'class', classes: ['a', 'b'] },
    { name: 'tags', type: 'labels', classes: ['x', 'y'] },
  ],
};

test('what is written is read', () => {
  assert.equal(readTableFormat(JSON.parse(JSON.stringify(table)), undefined), table);
});

test('an earlier file names its target alone', () => {
  const columns = [{ name: 'age', type: 'number' }];
  assert.equal(readTableFormat({ columns, target: 'y' }, undefined)!.targets, [
    { name: 'y', type: 'number' },
  ]);
  assert.equal(readTableFormat({ columns, target: 'y' }, ['a', 'b'])!.targets, [
    { name: 'y', type: 'class', classes: ['a', 'b'] },
  ]);
  assert.equal(readTableFormat({ columns }, ['a']), { columns });
});

test('what does not go together is refused', () => {
  const of = (column: object): unknown => ({ columns: [{ name: 'a', ...column }] });
  for (const wrong of [
    { type: 'number', missing: 'x' },
    { type: 'number', missing: 1e39 },
    { type: 'number', flag: true },
    { type: 'class' },
    { type: 'class', classes: [] },
    { type: 'class', classes: ['a'], missing: 'b' },
    { type: 'date' },
    { type: 'date', parts: [] },
    { type: 'date', parts: ['week', 'time'] },
    { type: 'date', parts: ['hour'] },
    { type: 'date', parts: ['time'], missing: '2024-02-30' },
    { type: 'other' },
  ])
    assert.is(readTableFormat(of(wrong), undefined), undefined, JSON.stringify(wrong));
  const twice = { columns: [table.columns[0], table.columns[0]] };
  assert.is(readTableFormat(twice, undefined), undefined);
});

test('10,000 changed ones are refused, or read rows to as many finite features', () => {
  const rows: Rows = [
    [1, 'S', '2024-05-05'],
    [null, null, null],
  ];
  const changed = [...mutations(JSON.parse(JSON.stringify(table)))];
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const seen = { refused: 0, wrong: 0, read: 0 };
  for (let i = 0; i < 10_000; i++) {
    // From the second round on, two places are changed.
    const one = i < changed.length ? changed[i] : pick([...mutations(pick(changed))]);
    const format = readTableFormat(one, undefined);
    if (!format) {
      seen.refused++;
      continue;
    }
    try {
      const { values } = encodeRows(format, rows);
      assert.is(values.length, 2 * widthOfTable(format));
      assert.ok(values.every(Number.isFinite), JSON.stringify(one));
      seen.read++;
    } catch (error) {
      assert.instance(error, LanewiseError, `${JSON.stringify(one)}: ${String(error)}`);
      seen.wrong++;
    }
  }
  assert.ok(Math.min(...Object.values(seen)) > 40, JSON.stringify(seen));
});

test.run();
