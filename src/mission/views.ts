import type { Store } from "../ports/index.js";
import { type MissionView, readMission } from "./draft.js";

/** Missions as they stand now, each read and parsed once for a revision of the store. */
export class MissionViews {
  readonly #store: Store;
  readonly #known = new Map<string, { readonly revision: number; readonly view: MissionView }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws MissionError `ERR_NO_MISSION` */
  read(id: string): MissionView {
    const revision = this.#store.snapshot();
    const known = this.#known.get(id);
    if (known?.revision === revision) return known.view;
    const view = readMission(this.#store, id);
    this.#known.set(id, { revision, view });
    return view;
  }

  /** For a mission that nobody will ask for again soon. */
  forget(id: string): void {
    this.#known.delete(id);
  }
}
