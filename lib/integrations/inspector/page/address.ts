// The part of the address behind the `#`: what is shown, and what the list is narrowed to. A copied
// address shows the same to others.

export type Tab = 'units' | 'failures' | 'outside' | 'stuck';

export interface Filters {
  /** Part of the name of an effect. */
  readonly name: string;
  /** State of an effect. */
  readonly state: string;
  /** Reason why an effect was dropped. */
  readonly reason: string;
  readonly entry: string;
}

export interface Address {
  readonly tab: Tab;
  readonly filters: Filters;
  /** The unit of work that is looked at. */
  readonly unit: string | undefined;
}

export const NO_FILTERS: Filters = { name: '', state: '', reason: '', entry: '' };

const tabs: readonly Tab[] = ['units', 'failures', 'outside', 'stuck'];

/**
 * @param before address that was shown: a unit of work is shown beside the list that it was found
 *   in
 */
export function readAddress(hash: string, before?: Address): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first = '', second] = path.split('/');
  if (first === 'unit' && second !== undefined) {
    return {
      tab: before?.tab ?? 'units',
      filters: before?.filters ?? NO_FILTERS,
      unit: decodeURIComponent(second),
    };
  }
  const given = new URLSearchParams(query);
  const of = (key: keyof Filters): string => given.get(key) ?? '';
  const filters = {
    name: of('name'),
    state: of('state'),
    reason: of('reason'),
    entry: of('entry'),
  };
  return { tab: tabs.find((tab) => tab === first) ?? 'units', filters, unit: undefined };
}

export function listAddress(tab: Tab, filters: Filters = NO_FILTERS): string {
  const given = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ''));
  return `#/${tab === 'units' ? '' : tab}${given.size > 0 ? `?${given.toString()}` : ''}`;
}

export function unitAddress(id: string): string {
  return `#/unit/${encodeURIComponent(id)}`;
}
