// Runs the tests as built, three files at a time, and ends with one line `N passed, N failed`. Arguments filter by part of the path;
// --quick leaves out the files that say that they are slow.
import { runFiles, testFiles } from './test-files.mjs';

const isQuick = process.argv.includes('--quick');
const filters = process.argv.slice(2).filter((argument) => argument !== '--quick');
const files = testFiles(filters).filter(({ isSlow }) => !isQuick || !isSlow);
if (files.length === 0) {
  console.error(`no test file matches ${filters.join(', ') || '*.test.ts'}`);
  process.exit(1);
}
const start = performance.now();
// Browsers, servers and timeouts are waited for: three files keep two processors busy.
const { passed, failed, cpu } = await runFiles(files, 3);
const seconds = Math.round((performance.now() - start) / 1000);
console.log(`${files.length} files in ${seconds} s, ${Math.round(cpu)} s of processor time`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
