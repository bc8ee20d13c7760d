import { useEffect, useRef } from 'preact/hooks';
import type { StateView } from '../../view/inspector.view.js';
import { type Address, listAddress, type Tab } from '../address.js';
import { isOf } from '../filters.js';

const names: Readonly<Record<Tab, string>> = {
  units: 'Units of work',
  failures: 'Failures',
  outside: 'Outside a scope',
  stuck: 'Stuck',
};

export function Tabs({ address, state }: { address: Address; state: StateView | undefined }) {
  const tabs: readonly Tab[] = [
    'units',
    'failures',
    'outside',
    ...(state?.hasOutbox === true ? (['stuck'] as const) : []),
  ];
  const strip = useRef<HTMLElement>(null);
  // On a phone they find no room side by side.
  useEffect(
    () => strip.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' }),
    [address.tab, tabs.length],
  );
  return (
    <nav class="tabs" aria-label="Views" ref={strip}>
      {tabs.map((tab) => (
        <a
          key={tab}
          href={listAddress(tab)}
          aria-current={tab === address.tab ? 'page' : undefined}
        >
          {names[tab]}
          {tab !== 'stuck' && (
            <span class="count">{state?.units.filter((unit) => isOf(tab, unit)).length ?? 0}</span>
          )}
        </a>
      ))}
    </nav>
  );
}
