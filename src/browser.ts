/** The public names in browsers and edge workers, where functions that need a file system throw when called. */
export * from './core.js';
export * from './web/absent.js';
