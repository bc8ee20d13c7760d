import type { EffectState } from '../../view/inspector.view.js';

const shapes: Readonly<Record<EffectState | 'mark' | 'back' | 'link', string>> = {
  buffered: 'M7 9V6.5a3 3 0 0 1 6 0V9M5.5 9h9v7h-9z',
  waiting: 'M10 5.5V10l3 2M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z',
  sent: 'M4 10.5l4 4 8-9',
  dropped: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM5.2 5.2l9.6 9.6',
  failed: 'M10 6v5M10 14h.01M10 2.8 17.6 16.5H2.4z',
  mark: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 2.5v15M6.6 10h.01M13.4 10h.01',
  back: 'M12 4l-6 6 6 6',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 1 0-4.2-4.2L10 5.8M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 1 0 4.2 4.2L10 14.2',
};

/** Decoration: what it says is said in words beside it. */
export function Icon({ of }: { of: keyof typeof shapes }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={shapes[of]} />
    </svg>
  );
}
