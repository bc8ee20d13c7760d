import type { Intent } from '../model/intent.js';
import type { ScopeState, ScopeView } from '../model/scope-view.js';

/** A unit of work, as far as a view of it shows. */
interface Viewed {
  readonly id: string;
  readonly name: string | undefined;
  readonly parent: { readonly view: ScopeView } | undefined;
  readonly state: ScopeState;
  snapshot(which?: 'all' | 'own' | 'captured'): readonly Intent[];
}

/** The unit that a view shows; undefined for one that another installed copy has made. @internal */
export let viewedBy: (view: ScopeView) => Viewed | undefined;

/**
 * The view of a scope that code inside it gets: nothing on it leads back to the handle.
 * @internal
 */
export class UnitView implements ScopeView {
  readonly #unit: Viewed;

  static {
    viewedBy = (view) => (#unit in view ? view.#unit : undefined);
  }

  constructor(unit: Viewed) {
    this.#unit = unit;
  }

  get id(): string {
    return this.#unit.id;
  }
  // The types say that `name` and `parent` may be absent: a getter returns undefined for that.
  get name(): string {
    return this.#unit.name as string;
  }
  get parent(): ScopeView {
    return this.#unit.parent?.view as ScopeView;
  }
  get state(): ScopeState {
    return this.#unit.state;
  }
  get intents(): readonly Intent[] {
    return this.#unit.snapshot();
  }
  get ownIntents(): readonly Intent[] {
    return this.#unit.snapshot('own');
  }
  get capturedIntents(): readonly Intent[] {
    return this.#unit.snapshot('captured');
  }
}
