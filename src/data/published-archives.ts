/** As published.ts, those whose archives are opened where there is a file system; web/absent.ts says so elsewhere. */
export { emnist } from './emnist.js';
