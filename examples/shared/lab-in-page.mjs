// What a lab takes of 'lanewise/lab' when it runs in a page, without what reads files or makes pages.
export { lab } from '../../dist/src/lab/lab.js';
export { heatmap, lines } from '../../dist/src/lab/picture-data.js';
export { randomNumbers } from '../../dist/src/lab/random-numbers.js';
export { runLab } from '../../dist/src/lab/run-lab.js';
