import { existsSync } from "node:fs";
import { NativeError } from "../../src/native/index.js";
import type { GlobQuery, GrepQuery, Query } from "./generate/queries.js";
import { globDifferences } from "./glob-differences.js";
import { grepDifferences } from "./grep-differences.js";
import { UNLIMITED } from "./list-differences.js";
import { pages } from "./pages.js";
import { globReference, grepReference } from "./reference.js";
import type { RipgrepRun } from "./ripgrep.js";
import type { GlobOptions, GrepOptions, Subject } from "./subject.js";

/** Our answer is not ripgrep's. */
export class Difference extends Error {
  override readonly name = "Difference";
}

/** Asks ripgrep and the subjects the same. @throws Difference when the answers differ. */
export async function compare(query: Query, path: string, subjects: readonly Subject[]): Promise<void> {
  if (query.kind === "grep") {
    const options = grepOptions(query, path);
    const [reference, ...answers] = await Promise.all([
      grepReference(query, path),
      ...subjects.map((subject) => {
        const asked = pages(query.allPages, (cursor) => subject.grep({ ...options, ...cursor }));
        return answerOf(asked, subject, options);
      }),
    ]);
    for (const [at, answer] of answers.entries())
      judge(subjects[at], query, reference.run, answer, (found) =>
        grepDifferences(query, path, reference, found),
      );
  } else {
    const options = globOptions(query, path);
    const [{ run, paths }, ...answers] = await Promise.all([
      globReference(query, path),
      ...subjects.map((subject) => {
        const asked = pages(query.allPages, (cursor) => subject.glob({ ...options, ...cursor }));
        return answerOf(asked, subject, options);
      }),
    ]);
    for (const [at, answer] of answers.entries())
      judge(subjects[at], query, run, answer, (found) => globDifferences(query, path, paths, found));
  }
}

type Pages<Page> = readonly [Page, ...Page[]];
type Answer<Page> = { readonly found: Pages<Page> } | { readonly refusal: NativeError };

async function answerOf<Page>(
  call: Promise<Pages<Page>>,
  subject: Subject,
  options: { readonly path: string },
): Promise<Answer<Page>> {
  const question = () => `${subject.name}: ${JSON.stringify(options)}`;
  try {
    return { found: await call };
  } catch (error) {
    const codes = existsSync(options.path) ? ["ERR_PATTERN"] : ["ERR_PATTERN", "ERR_NOT_FOUND", "ERR_IO"];
    if (error instanceof NativeError && codes.includes(error.code)) return { refusal: error };
    throw new Difference(`${question()}\n${error}`, { cause: error });
  }
}

function judge<Page extends { readonly unreadable: readonly { readonly message: string }[] }>(
  subject: Subject | undefined,
  query: Query,
  run: RipgrepRun,
  answer: Answer<Page>,
  differences: (found: Pages<Page>) => readonly string[],
): void {
  if (run.panicked) return;
  const found: string[] = [];
  if ("refusal" in answer) {
    if (!run.refused) found.push(`refused, ripgrep does not: ${answer.refusal.message}`);
  } else if (run.refused) found.push("not refused, by ripgrep it is");
  else {
    found.push(...differences(answer.found));
    const unreadable = answer.found[0].unreadable.map(({ message }) => message).filter(isAboutFile);
    const warnings = run.warnings.filter(isAboutFile);
    if (unreadable.length !== warnings.length)
      found.push(`unreadable: ${JSON.stringify(unreadable)}, ripgrep: ${JSON.stringify(warnings)}`);
  }
  if (found.length > 0)
    throw new Difference(
      `${subject?.name}: ${found.join("\n")}\n${JSON.stringify(query)}\n${run.commandLine}`,
    );
}

/** A broken line of an ignore file is said where it is read, which is not always in the same call. */
function isAboutFile(message: string): boolean {
  return !message.includes("error parsing glob");
}

function grepOptions(query: GrepQuery, path: string): GrepOptions {
  const { kind: _, target: __, allPages: ___, maxMatches, maxPerFile, countUpTo, ...options } = query;
  return {
    ...options,
    path,
    maxMatches: maxMatches ?? UNLIMITED,
    ...(maxPerFile !== undefined && { maxPerFile }),
    ...(countUpTo !== undefined && { countUpTo }),
  };
}

function globOptions(query: GlobQuery, path: string): GlobOptions {
  const { kind: _, target: __, allPages: ___, include, limit, ...options } = query;
  return { ...options, path, patterns: include, ...(limit !== undefined && { limit }) };
}
