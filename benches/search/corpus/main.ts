import { download } from "./download.js";
import { corpusFolder, treeFolder } from "./location.js";
import { TREES } from "./packages.js";
import { ensureTree } from "./tree.js";

/** Makes the trees that the search benchmark reads. What is there stays. Usage: npm run bench:corpus */
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`corpus in ${corpusFolder()}`);
await download([...new Set(TREES.flatMap((tree) => tree.packages))], say);
for (const recipe of TREES) {
  const { files, bytes, checksum } = await ensureTree(recipe, say);
  const megabytes = (bytes / 1e6).toFixed(1);
  const average = (bytes / files / 1e3).toFixed(1);
  say(`${treeFolder(recipe.name)}: ${files} files, ${megabytes} MB, ${average} kB each, list ${checksum}`);
  if (checksum !== recipe.checksum) {
    say(`  this is not the published list, ${recipe.checksum}: compare no figures with it`);
    process.exitCode = 1;
  }
}
