import type { AirlockModuleOptions } from '../options/airlock-options.js';
import type { Summary } from './explain.js';

/**
 * Reports what is in force in one line, without what the application does not use.
 * @internal
 */
export function startupLine(
  summary: Summary,
  { dispatch, outsideScope, detectEscapes }: AirlockModuleOptions,
): string {
  const { boundaries, policies, executors, effects, intercepted } = summary;
  const used = boundaries
    .filter(({ entryPoints }) => entryPoints.length > 0)
    .map(({ name, entryPoints: { length } }) => `${name} (${length})`);
  const off = boundaries.filter(({ isOn }) => !isOn).map(({ name }) => name);
  return [
    `boundaries: ${used.join(', ') || 'none'}${off.length > 0 ? `, off: ${off.join(', ')}` : ''}`,
    `policies: ${policies.join(', ') || 'AllowAll'}`,
    `executors: ${Object.entries(executors)
      .map(([name, type]) => `${name}=${type}`)
      .join(', ')}`,
    `dispatch: ${dispatch ?? 'beforeResponse'}`,
    `outside a scope: ${outsideScope ?? 'throw'}`,
    `@SideEffect methods: ${effects.length}`,
    ...(intercepted.length > 0 ? [`intercepted: ${intercepted.join(', ')}`] : []),
    ...(detectEscapes
      ? [
          `escapes: ${typeof detectEscapes === 'string' ? detectEscapes : (detectEscapes.mode ?? 'warn')}`,
        ]
      : []),
  ].join(' · ');
}
