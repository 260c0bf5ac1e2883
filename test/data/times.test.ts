/** Times are read as tables write them, and written in the same form; spacing and season follow from them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isLayout, layoutOfTimes, phaseOf, timeReader, timeWriter } from '../../src/data/times.js';
import {
  seasonInWords,
  spacingInWords,
  spacingOf,
  stepsBetween,
  timeAfter,
  usualCalendar,
  usualSeason,
} from '../../src/data/spacing.js';
import { LanewiseError } from '../../src/base/errors.js';

const layoutOf = (...texts: string[]) =>
  layoutOfTimes("'t.csv', column 'time'", texts, (i) => `line ${i + 2}`);

test('a column has one layout, found from its texts, and writes what it reads', () => {
  const cases: [layout: string, time: string, ...texts: string[]][] = [
    ['YYYY-MM-DD', '2010-01-31T00:00:00.000Z', '2010-01-31'],
    ['YYYY/MM/DD HH:mm', '2010-01-31T23:00:00.000Z', '2010/01/31 23:00'],
    ['YYYY-MM-DDTHH:mm:ssZZ', '2010-01-31T23:00:05.000Z', '2010-01-31T23:00:05Z'],
    ['YYYY-M-D', '2010-02-01T00:00:00.000Z', '2010-2-1'],
    ['YYYY-MM', '2010-02-01T00:00:00.000Z', '2010-02'],
    ['YYYY', '1749-01-01T00:00:00.000Z', '1749'],
    ['DD.MM.YYYY', '2010-01-31T00:00:00.000Z', '31.01.2010', '01.02.2010'],
    ['MM/DD/YYYY', '2010-01-31T00:00:00.000Z', '01/31/2010', '01/01/2010'],
    ['MMM D YYYY', '2000-01-01T00:00:00.000Z', 'Jan 1 2000'],
    ['MMMM DD, YYYY', '2000-12-31T00:00:00.000Z', 'December 31, 2000'],
    ['MMM YYYY', '2000-12-01T00:00:00.000Z', 'Dec 2000'],
    ['DD-MMM-YYYY', '2000-12-31T00:00:00.000Z', '31-Dec-2000'],
    ['seconds', '2000-12-31T00:00:00.000Z', '978220800'],
    ['milliseconds', '2000-12-31T00:00:00.000Z', '978220800000'],
  ];
  for (const [layout, time, ...texts] of cases) {
    assert.is(layoutOf(...texts), layout, texts[0]);
    assert.is(new Date(timeReader(layout)(texts[0]!)).toISOString(), time);
    assert.is(timeWriter(layout)(timeReader(layout)(texts[0]!)), texts[0]);
    assert.ok(isLayout(layout));
  }
  assert.is(layoutOf('0.5', '1', '1.5'), 'number');
  assert.is(timeReader(layoutOf('20101231', '20110101'))('20110101'), Date.UTC(2011, 0, 1));
  assert.is(timeReader('YYYY-MM-DDTHH:mmZZ')('2010-01-01T02:00+02:00'), Date.UTC(2010, 0, 1));
  assert.not(isLayout('constructor'));
  assert.not(isLayout('YYYY YYYY'));
});

test('what is no time, or may be two, is refused by its line', () => {
  const refuses = (message: RegExp, ...texts: string[]) =>
    assert.throws(
      () => layoutOf(...texts),
      (error: unknown) => {
        assert.instance(error, LanewiseError);
        assert.match((error as LanewiseError).message, message);
        return true;
      },
    );
  refuses(/'t\.csv', column 'time', line 2: 'soon' is not a time/, 'soon');
  refuses(/line 3: '2010-13-01' is not a time as '2010-01-01' is/, '2010-01-01', '2010-13-01');
  refuses(/line 3: '2010-02-30'/, '2010-02-01', '2010-02-30');
  refuses(/line 3: '25:00'/, '2010-02-01 23:00', '25:00');
  refuses(/may be DD\/MM\/YYYY or MM\/DD\/YYYY/, '01/02/2010', '03/04/2010');
  refuses(/line 4: 'x' is not a number as '1' is/, '1', '2', 'x');
});

test('the spacing is months on the same day or the last, else the most frequent distance', () => {
  const at = (...texts: string[]) => [texts.map(timeReader(layoutOf(...texts)))];
  const of = (...texts: string[]) => spacingOf('t', at(...texts), layoutOf(...texts));
  assert.equal(of('2010-01-01', '2010-02-01', '2010-04-01'), { unit: 'months', every: 1 });
  assert.equal(of('2010-01-31', '2010-02-28', '2010-03-31'), { unit: 'monthEnds', every: 1 });
  assert.equal(of('2010-01', '2010-04', '2010-10'), { unit: 'months', every: 3 });
  assert.equal(of('1749', '1750', '1752'), { unit: 'months', every: 12 });
  assert.equal(of('2010-01-01', '2010-01-02', '2010-01-04', '2010-01-05'), {
    unit: 'milliseconds',
    every: 86_400_000,
  });
  assert.equal(of('0.1', '0.2', '0.30000000000000004', '0.4'), { unit: 'number', every: 0.1 });
  const end = { unit: 'monthEnds', every: 1 } as const;
  const january = Date.UTC(2012, 0, 31);
  assert.is(timeAfter(january, 1, end), Date.UTC(2012, 1, 29));
  assert.is(stepsBetween(january, Date.UTC(2012, 1, 29), end), 1);
  assert.ok(Number.isNaN(stepsBetween(january, Date.UTC(2012, 1, 28), end)));
});

test('seasons, calendars and words follow from the spacing', () => {
  const hour = { unit: 'milliseconds', every: 3_600_000 } as const;
  const day = { unit: 'milliseconds', every: 86_400_000 } as const;
  const month = { unit: 'months', every: 1 } as const;
  assert.equal([hour, day, month].map(usualSeason), [24, 7, 12]);
  assert.is(usualSeason({ unit: 'rows', every: 1 }), 1);
  assert.equal(usualCalendar(hour), ['hour', 'weekday', 'month']);
  assert.equal([hour, day, month].map(spacingInWords), ['an hour', 'a day', 'a month']);
  assert.is(seasonInWords(24, hour), 'a day before');
  assert.is(seasonInWords(12, month), 'a year before');
  // 3 January 2011 was a Monday.
  assert.is(phaseOf('weekday', Date.UTC(2011, 0, 3)), 0);
  assert.is(phaseOf('hour', Date.UTC(1960, 0, 3, 6)), 0.25);
  assert.is(phaseOf('month', Date.UTC(1960, 6, 1)), 0.5);
});

test.run();
