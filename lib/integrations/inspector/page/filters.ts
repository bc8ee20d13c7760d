import type { EffectView, UnitView } from '../view/inspector.view.js';
import type { Filters, Tab } from './address.js';

/** Those units of a tab in which some effect is what the filters ask for. */
export function narrowed(
  units: readonly UnitView[],
  tab: Tab,
  filters: Filters,
): readonly UnitView[] {
  return units.filter((unit) => isOf(tab, unit) && passes(unit, filters));
}

export function isOf(tab: Tab, unit: UnitView): boolean {
  if (tab === 'failures')
    return unit.outcome === 'failed' || unit.effects.some(({ state }) => state === 'failed');
  return tab === 'outside' ? unit.kind === 'outside' : true;
}

function passes(unit: UnitView, { name, state, reason, entry }: Filters): boolean {
  if (entry !== '' && unit.entryPoint !== entry) return false;
  if (name + state + reason === '') return true;
  const wanted = name.toLowerCase();
  return unit.effects.some(
    (effect: EffectView) =>
      effect.name.toLowerCase().includes(wanted) &&
      (state === '' || effect.state === state) &&
      (reason === '' || effect.reason === reason),
  );
}
