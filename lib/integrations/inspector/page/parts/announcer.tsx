import { useEffect, useRef, useState } from 'preact/hooks';
import type { StateView } from '../../view/inspector.view.js';
import type { Link } from '../server.js';
import { counted } from '../words.js';

/** At most so often something is read out. */
const EVERY_MS = 5_000;

/** Tells who cannot see the page what is new on it: what is dropped or fails, and whether the application is still heard. */
export function Announcer({ state, link }: { state: StateView | undefined; link: Link }) {
  const [text, say] = useState('');
  const latest = useRef(state);
  latest.current = state;
  useEffect(() => {
    let before = totalsOf(latest.current);
    const timer = setInterval(() => {
      const { dropped, failed } = totalsOf(latest.current);
      const parts = [
        ...(dropped > before.dropped
          ? [`${counted(dropped - before.dropped, 'effect')} dropped`]
          : []),
        ...(failed > before.failed ? [`${counted(failed - before.failed, 'effect')} failed`] : []),
      ];
      before = { dropped, failed };
      if (parts.length > 0) say(parts.join(', '));
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [state === undefined]);
  useEffect(() => say(link === 'lost' ? 'The application does not answer.' : ''), [link]);
  return (
    <p class="hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}

function totalsOf(state: StateView | undefined): {
  readonly dropped: number;
  readonly failed: number;
} {
  const { dropped = {}, failed = 0 } = state?.totals ?? {};
  return { dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0), failed };
}
