import { useEffect, useRef } from 'preact/hooks';
import type { UnitView } from '../../view/inspector.view.js';
import { type Address, type Filters, listAddress, NO_FILTERS } from '../address.js';
import { reasons, states } from '../words.js';

export function FilterBar({
  address: { tab, filters },
  units,
}: {
  address: Address;
  units: readonly UnitView[];
}) {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => onSlash(() => search.current?.focus()), []);
  const entries = [...new Set(units.map(({ entryPoint }) => entryPoint))].sort();
  const set = (key: keyof Filters) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    // No entry in the history for each letter.
    location.replace(listAddress(tab, { ...filters, [key]: value }));
  };
  const isNarrowed = Object.values(filters).some((value) => value !== '');
  return (
    <form
      class="filters"
      role="search"
      aria-label="Filters"
      onSubmit={(event) => event.preventDefault()}
    >
      <label class="wide">
        <span>Effect</span>
        <input
          ref={search}
          type="search"
          placeholder="MailService.sendReceipt"
          value={filters.name}
          onInput={set('name')}
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      <Choice
        label="State"
        value={filters.state}
        options={Object.entries(states)}
        onChange={set('state')}
      />
      <Choice
        label="Reason"
        value={filters.reason}
        options={Object.entries(reasons)}
        onChange={set('reason')}
      />
      <Choice
        label="Entry point"
        value={filters.entry}
        options={[...new Set([...entries, ...(filters.entry === '' ? [] : [filters.entry])])].map(
          (one) => [one, one],
        )}
        onChange={set('entry')}
      />
      {isNarrowed && (
        <a class="button" href={listAddress(tab, NO_FILTERS)}>
          Clear
        </a>
      )}
    </form>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (event: { currentTarget: { value: string } }) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={onChange}>
        <option value="">any</option>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The key that searches elsewhere, too. */
function onSlash(fn: () => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as HTMLElement).matches('input, select, textarea')) return;
    event.preventDefault();
    fn();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}
