import { setImmediate } from 'node:timers/promises';
import type { Policy } from 'nestjs-airlock';
import type { PolicyName } from './program.js';

/** Which effects a policy lets out, by their names. */
export const ALLOWS: Readonly<Record<PolicyName, (name: string) => boolean>> = {
  none: () => true,
  'drops marked': (name) => !name.endsWith('!'),
  'drops marked, in its own time': (name) => !name.endsWith('!'),
  'drops all': () => false,
};

/** The same as Airlock is given it. */
export function policyNamed(name: PolicyName): Policy {
  if (name !== 'drops marked, in its own time')
    return { allows: (intent) => ALLOWS[name](intent.name) };
  return {
    allows: async (intent) => {
      await setImmediate();
      return ALLOWS[name](intent.name);
    },
  };
}
