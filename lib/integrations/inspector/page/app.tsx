import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Address, listAddress, readAddress } from './address.js';
import { Announcer } from './parts/announcer.js';
import { FilterBar } from './parts/filter-bar.js';
import { Header } from './parts/header.js';
import { StuckRows } from './parts/stuck-rows.js';
import { Tabs } from './parts/tabs.js';
import { Today } from './parts/today.js';
import { UnitDetail } from './parts/unit-detail.js';
import { UnitList } from './parts/unit-list.js';
import { narrowed } from './filters.js';
import { type Known, Server } from './server.js';

export function App() {
  const address = useAddress();
  const [isPaused, pause] = useState(false);
  const { link, state } = useKnown(isPaused);
  const units = useMemo(
    () => (state === undefined ? [] : narrowed(state.units, address.tab, address.filters)),
    [state, address],
  );
  const unit = state?.units.find(({ id }) => id === address.unit);
  const hasDetail = address.unit !== undefined;

  return (
    <>
      <a class="skip" href="#main">
        Skip to the list
      </a>
      <Header link={link} isPaused={isPaused} onPause={() => pause(!isPaused)} />
      {link === 'refused' ? (
        <main id="main" class="page">
          <p class="empty">
            <strong>You may not see this.</strong> A guard of the application refuses you; sign in
            to it, and this page comes back by itself.
          </p>
        </main>
      ) : (
        <div class={`page${hasDetail ? ' has-detail' : ''}`}>
          <div class="overview">
            <Today state={state} />
            <Tabs address={address} state={state} />
          </div>
          <main id="main" class="list" tabIndex={-1}>
            {address.tab === 'stuck' ? (
              <StuckRows state={state} />
            ) : (
              <>
                <FilterBar address={address} units={state?.units ?? []} />
                <UnitList
                  units={units}
                  tab={address.tab}
                  selected={address.unit}
                  isLoading={state === undefined}
                />
              </>
            )}
          </main>
          {hasDetail && (
            <aside class="detail" aria-label="Unit of work">
              <UnitDetail
                id={address.unit!}
                unit={unit}
                isLoading={state === undefined}
                back={listAddress(address.tab, address.filters)}
                showsArguments={state?.showsArguments ?? false}
              />
            </aside>
          )}
        </div>
      )}
      <Announcer state={state} link={link} />
    </>
  );
}

function useAddress(): Address {
  const [address, show] = useState(() => readAddress(location.hash));
  useEffect(() => {
    const onChange = (): void => {
      // What a skip link points to is no address of ours.
      if (location.hash.startsWith('#/') || location.hash === '')
        show((before) => readAddress(location.hash, before));
    };
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return address;
}

/** What is known, or was when the page was paused. */
function useKnown(isPaused: boolean): Known {
  const [known, tell] = useState<Known>({ link: 'connecting', state: undefined });
  const [held, hold] = useState<Known | undefined>(undefined);
  useEffect(() => {
    const server = new Server(tell);
    server.listen();
    return () => server.stop();
  }, []);
  useEffect(() => hold(isPaused ? known : undefined), [isPaused]);
  return isPaused && held !== undefined ? { ...held, link: known.link } : known;
}
