/** The readers of rows for `predict`: files of which bytes were changed are refused by name, or read to finite features. */
// slow: thousands of changed files
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanewiseError } from '../../src/base/errors.js';
import { readRows } from '../../src/cli/row-readers.js';
import { encodeRows } from '../../src/data/encode-rows.js';
import type { TableFormat } from '../../src/data/table-format.js';
import { inFolder } from './lanewise.js';

const table: TableFormat = {
  columns: [
    { name: 'a', type: 'number', missing: 1, flag: true },
    { name: 'b', type: 'class', classes: ['x', 'y'] },
    { name: 'c', type: 'date', parts: ['time', 'day'], missing: '2024-01-01' },
  ],
};

const FILES: Readonly<Record<string, string>> = {
  'rows.csv': 'a,b,c\n1,x,2024-05-05\n,y,\n-2.5,"x",2024-05-05 18:30\n',
  'rows.jsonl':
    '{"a":1,"b":"x","c":"2024-05-05"}\n[null,"y",null]\n{"c":"18:30","b":"x","a":-2.5}\n',
};

/** Bytes that mean something to a reader. */
const BYTES = Buffer.from('\n\r,;"{}[]:.-+eE09 \tnulltrue\0\xff', 'latin1');

/** Texts of CSV have a reader with a test of its own (test/data/csv.test.ts). */
const TIMES: Readonly<Record<string, number>> = { 'rows.csv': 500, 'rows.jsonl': 10_000 };

for (const [name, text] of Object.entries(FILES))
  test(`${TIMES[name]} changed ${name}`, () =>
    inFolder(async (folder) => {
      let state = 11;
      const random = (below: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state >>> 8) % below;
      };
      const path = join(folder, name);
      const seen = { refused: 0, read: 0 };
      for (let i = 0; i < TIMES[name]!; i++) {
        const bytes = Buffer.from(text);
        for (let changes = 1 + random(3); changes > 0; changes--)
          bytes[random(bytes.length)] = BYTES[random(BYTES.length)]!;
        const cut = random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
        writeFileSync(path, cut);
        try {
          const rows = await readRows(path, table);
          const { count, values } = encodeRows(table, rows.part(0, rows.count));
          assert.is(count, rows.count);
          assert.ok(values.every(Number.isFinite), cut.toString());
          assert.match(rows.place(count - 1), /^line \d+$/);
          seen.read++;
        } catch (error) {
          assert.instance(error, LanewiseError, `${cut.toString()}: ${String(error)}`);
          seen.refused++;
        }
      }
      assert.ok(Math.min(seen.refused, seen.read) > 10, JSON.stringify(seen));
    }));

test.run();
