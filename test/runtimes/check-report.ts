/** Compares a runtime's report with the recorded results. */
import * as assert from 'uvu/assert';
import * as lanewise from '../../src/index.js';
import { predictRows, type MatrixReport } from './program.js';
import { recorded } from './recorded.js';

/** Those of this process, whose scores JSON holds to the bit. */
const expectedRows = await predictRows(lanewise);

export function checkReport(name: string, report: MatrixReport): void {
  for (const key of ['verify', 'strict', 'fused'] as const) {
    for (const [workers, found] of Object.entries(report[key] ?? {}))
      assert.is(found, recorded[key], `${name}, ${key}, ${workers} workers`);
  }
  assert.is(report.functions, recorded.functions, `${name}, functions`);
  assert.equal(report.rows, expectedRows, `${name}, rows of a table`);
  assert.ok(report.int8['int8-plain'], `${name} has not run the kernels on bytes`);
  for (const [build, found] of Object.entries(report.int8))
    assert.is(found, recorded.int8, `${name}, ${build}`);
  const workers = Object.keys(report.strict).join(', ');
  const fused = report.fused ? 'strict and fused' : 'strict, no fused here';
  console.log(
    `  ${name}: ${fused}, workers ${workers}; ${Object.keys(report.int8).join(' and ')}; ${report.seconds.toFixed(1)} s`,
  );
}
