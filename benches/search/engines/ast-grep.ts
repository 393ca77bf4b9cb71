import { relative } from "node:path";
import { findInFiles, Lang, type SgNode } from "@ast-grep/napi";
import type { Engine } from "./engine.js";

interface Found {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** `findInFiles`: it walks and parses on all cores. Position and text are read, as whoever shows a match must. */
export function astGrepEngine(root: string): Engine {
  return {
    async structural({ pattern }) {
      const matches: Found[] = [];
      await findAll(root, pattern, (node) =>
        matches.push({
          file: node.getRoot().filename(),
          line: node.range().start.line + 1,
          text: node.text(),
        }),
      );
      return {
        count: matches.length,
        keys: () => matches.map(({ file, line }) => `${relative(root, file)}:${line}`),
      };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Its promise tells the number of files with matches, and may do so before the last of them has been handed over. */
function findAll(root: string, pattern: string, onNode: (node: SgNode) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let handedOver = 0;
    let expected: number | undefined;
    const config = { paths: [root], matcher: { rule: { pattern } } };
    findInFiles(Lang.JavaScript, config, (error, nodes) => {
      if (error) return reject(error);
      nodes.forEach(onNode);
      if (++handedOver === expected) resolve();
    }).then((files) => {
      expected = files;
      if (handedOver === files) resolve();
    }, reject);
  });
}
