/**
 * What of the host's own modules is used. They are inside OpenCode (@opentui 0.4, solid-js 1.9) and never bundled: two copies of
 * a reactive runtime do not see each other.
 */
declare module "@opentui/solid" {
  export interface Element {
    /** Of a text. Set as a property: `setProp` would make a string of it. */
    content?: unknown;
  }
  export function createElement(tag: "box" | "text"): Element;
  export function createComponent<P>(component: (props: P) => unknown, props: P): unknown;
  export function insertNode(parent: Element, node: Element): void;
  export function setProp(node: Element, name: string, value: unknown): void;
  export function effect(run: () => void): void;
  export function useTerminalDimensions(): () => { readonly width: number; readonly height: number };
}

declare module "@opentui/core" {
  export interface TextChunk {
    readonly __isChunk: true;
    readonly text: string;
    readonly fg?: unknown;
    readonly bg?: unknown;
    readonly attributes?: number;
  }
  export class StyledText {
    constructor(chunks: readonly TextChunk[]);
  }
  export const TextAttributes: { readonly BOLD: number };
}

declare module "solid-js" {
  export function createSignal<T>(value: T): [get: () => T, set: (value: T) => void];
  export function onCleanup(run: () => void): void;
}
