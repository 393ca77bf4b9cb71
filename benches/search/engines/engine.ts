/** What to find in the files' text. */
export interface TextQuery {
  readonly kind: "text";
  readonly name: string;
  readonly pattern: string;
  /** The pattern is a text. */
  readonly literal?: boolean;
  readonly ignoreCase?: boolean;
  readonly word?: boolean;
  /** Only so many matching lines are wanted. */
  readonly first?: number;
}

/** Which files to find. */
export interface GlobQuery {
  readonly kind: "glob";
  readonly name: string;
  readonly glob: string;
}

/** Which code to find, as an ast-grep pattern of JavaScript. */
export interface StructuralQuery {
  readonly kind: "structural";
  readonly name: string;
  readonly pattern: string;
}

export type Query = TextQuery | GlobQuery | StructuralQuery;

export interface Answer {
  /** What the engine handed over: matches or lines, paths, nodes. Nothing where it only prints. */
  readonly count: number | undefined;
  /** Names every finding (`path`, or `path:line`) in one way for all engines. */
  keys(): string[];
}

/** What an engine did before it could answer. */
export interface Preparation {
  readonly milliseconds: number;
  /** Of the index, where the engine tells. */
  readonly bytes?: number;
}

/** A peer, opened for one tree; it has the kinds of search that it offers. */
export interface Engine extends AsyncDisposable {
  readonly preparation?: Preparation;
  text?(query: TextQuery): Promise<Answer>;
  glob?(query: GlobQuery): Promise<Answer>;
  structural?(query: StructuralQuery): Promise<Answer>;
}

/** @throws where the engine has no such search */
export function ask(engine: Engine, query: Query): Promise<Answer> {
  const answer =
    query.kind === "text"
      ? engine.text?.(query)
      : query.kind === "glob"
        ? engine.glob?.(query)
        : engine.structural?.(query);
  if (!answer) throw new Error(`the engine has no ${query.kind} search`);
  return answer;
}
