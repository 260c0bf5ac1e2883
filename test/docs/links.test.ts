/** Every link of the documents leads somewhere. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { documents, root, textOf } from './documents.js';

test('links between the documents lead somewhere', () => {
  for (const file of documents) {
    const markdown = textOf(file);
    for (const [, target] of markdown.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, file, '..', target!)), `${file} links to ${target}`);
    }
    for (const [, path] of markdown.matchAll(/`((?:src|assembly|workers|test)\/[\w./-]+)`/g)) {
      assert.ok(existsSync(join(root, path!)), `${file} names ${path}`);
    }
  }
});

test.run();
