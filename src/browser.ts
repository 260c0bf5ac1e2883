/** The public names in browsers and edge workers: what needs a file system says so when it is called. */
export * from './core.js';
export * from './web/absent.js';
