import type { Link } from '../server.js';
import { Icon } from './icons.js';

const links: Readonly<Record<Link, string>> = {
  connecting: 'connecting …',
  live: 'live',
  lost: 'reconnecting …',
  refused: 'refused',
};

export function Header({
  link,
  isPaused,
  onPause,
}: {
  link: Link;
  isPaused: boolean;
  onPause: () => void;
}) {
  const isHeld = isPaused && link === 'live';
  return (
    <header class="top">
      <a class="brand" href="#/">
        <Icon of="mark" />
        <h1>
          Airlock <span>inspector</span>
        </h1>
      </a>
      <p class={`link is-${isHeld ? 'paused' : link}`}>
        <span class="dot" aria-hidden="true" />
        {isHeld ? 'paused' : links[link]}
      </p>
      <button type="button" class="button" aria-pressed={isPaused} onClick={onPause}>
        {isPaused ? 'Go on' : 'Pause'}
      </button>
    </header>
  );
}
