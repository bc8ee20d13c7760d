import { Logger } from '@nestjs/common';
import { codeOf, messageOf } from '../errors/thrown.js';
import { lookupPlaces } from '../installation/lookup-places.js';
import { requireFrom } from '../installation/require-from.js';
import { SafeLogger } from '../nest/log/safe-logger.js';

/**
 * Loads the copies of a peer that an application may use, where it has handed over none: one as ES
 * modules and one as CommonJS have classes of their own. None where it is not installed, or is part
 * of a bundle under another name. A warning tells of one that is installed and cannot be loaded.
 *
 * @param specifier as it is required
 * @param imported the same as `import`, where bundlers are to see it @default not imported
 * @internal
 */
export async function peerCopies<T extends object>(
  specifier: string,
  imported?: () => Promise<T>,
): Promise<readonly T[]> {
  const copies: (T | undefined)[] = [];
  const errors: unknown[] = [];
  copies.push(await imported?.().catch((error: unknown) => void errors.push(error)));
  for (const file of lookupPlaces()) {
    try {
      copies.push(requireFrom(file)(specifier) as T);
    } catch (error) {
      errors.push(error);
    }
  }
  const loaded = copies.filter((copy) => copy !== undefined);
  const broken = errors.find((error) => !isAbsent(error, specifier));
  if (loaded.length === 0 && broken !== undefined) warnOf(specifier, broken);
  return loaded;
}

/** True if the peer itself was not found, and not something that it loads. */
function isAbsent(error: unknown, specifier: string): boolean {
  const [scopeOrName = '', name] = specifier.split('/');
  const peer = scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName;
  // What follows names the files that asked for it.
  const [missing = ''] = messageOf(error).split(/\n| (?:imported )?from /);
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(codeOf(error) ?? '') && missing.includes(peer);
}

function warnOf(specifier: string, error: unknown): void {
  new SafeLogger(new Logger('Airlock')).warn(
    `${specifier} is installed, but cannot be loaded: ${messageOf(error)} ` +
      'If the application makes clients of it later, effects called in their transactions get out although these roll back. Mend the installation, or provide such a client as the application starts.',
  );
}
