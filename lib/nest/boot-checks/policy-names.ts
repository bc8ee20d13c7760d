import type { LoggerService } from '@nestjs/common';
import { editDistance } from '../../core/effect/edit-distance.js';
import { type Policy, policyName } from '../../core/model/policy.js';

/**
 * Warns of names in policies that nothing in the application carries: such a policy would let
 * everything pass unheard.
 *
 * @internal
 */
export class PolicyNames {
  /** Names, for policies whose place is not known. */
  private readonly checked = new Set<string>();
  /** Places with a name each. */
  private readonly places = new Set<string>();
  private known: (() => ReadonlySet<string>) | undefined;

  constructor(private readonly logger: LoggerService) {}

  /** Begins to check. @param names the known names; called once, if at all */
  begin(names: () => ReadonlySet<string>): void {
    let read: ReadonlySet<string> | undefined;
    this.known = () => (read ??= names());
  }

  /**
   * Checks each name once in each place.
   *
   * @param where the policy stands; undefined for one that is first used at run time
   */
  inspect(policy: Policy, where?: string): void {
    const { known } = this;
    const { namedEffects } = policy;
    // A policy that is not written for Airlock's property may use the name for anything.
    if (
      known === undefined ||
      typeof namedEffects !== 'object' ||
      !(Symbol.iterator in namedEffects)
    )
      return;
    for (const name of namedEffects) {
      if (typeof name !== 'string' || this.isChecked(name, where)) continue;
      if (!known().has(name)) this.warn(policyName(policy), where, name);
    }
  }

  private isChecked(name: string, where: string | undefined): boolean {
    if (where === undefined ? this.checked.has(name) : this.places.has(`${where}: ${name}`))
      return true;
    if (where !== undefined) this.places.add(`${where}: ${name}`);
    if (this.checked.size < MOST_NAMES) this.checked.add(name);
    return false;
  }

  private warn(policy: string, where: string | undefined, name: string): void {
    const nearest = nearestTo(name, this.known!());
    this.logger.warn(
      `${policy} ${where === undefined ? 'that is used at run time' : `on ${where}`} names the effect "${name}", which no \`@SideEffect()\` ` +
        'method, intercepted method or method of a provider goes by, so it means none of them. ' +
        `${nearest === undefined ? '' : `The nearest name is "${nearest}". `}` +
        (name.includes('.')
          ? 'Fix the name, or pass the method or function itself, as `MailService.prototype.sendReceipt`.'
          : 'Where it is a function that is enqueued, it is blocked or allowed all the same; pass the function itself to say so.'),
    );
  }
}

/** Limit of the names that are remembered: names made anew for each call must not pile up. */
const MOST_NAMES = 1000;

/**
 * The known name that is most like another; undefined if none is. Differences in the method count
 * double, since it keeps its name when its class is renamed.
 */
function nearestTo(name: string, known: Iterable<string>): string | undefined {
  const [owner, key] = partsOf(name);
  let nearest: string | undefined;
  let least = Math.max(3, name.length / 2);
  for (const candidate of known) {
    const [itsOwner, itsKey] = partsOf(candidate);
    // No distance is shorter than the difference in length, which is cheap to compute.
    const atLeast = lengthsApart(itsOwner, owner) + 2 * lengthsApart(itsKey, key);
    if (atLeast >= least) continue;
    const distance = editDistance(itsOwner, owner) + 2 * editDistance(itsKey, key);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

function lengthsApart(a: string, b: string): number {
  return Math.abs(a.length - b.length);
}

function partsOf(name: string): readonly [owner: string, key: string] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
}
