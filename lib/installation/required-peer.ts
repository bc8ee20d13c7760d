import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PeerVersionError } from '../errors/peer-version.error.js';
import { lookupPlaces } from './lookup-places.js';
import { requireFrom } from './require-from.js';

/**
 * Refuses a peer whose every installed version is too old for the part of this package that is
 * asked for. Package managers are not told: they would refuse the installation to those who never
 * use that part. What cannot be found is not judged.
 *
 * @param range as `^10.0.0 || >=12.30.0`
 * @throws PeerVersionError
 * @internal
 */
export function requirePeer(peer: string, range: string, neededBy: string): void {
  const found = [...installed(peer)];
  if (found.length === 0 || found.some(({ version }) => satisfies(version, range))) return;
  throw new PeerVersionError(neededBy, peer, range, found[0]!.version, found[0]!.folder);
}

interface Installed {
  readonly version: string;
  readonly folder: string;
}

/** The versions that this package, the program and the working directory see. */
function* installed(peer: string): Generator<Installed> {
  for (const from of lookupPlaces()) {
    const found = installedFor(from, peer);
    if (found !== undefined) yield found;
  }
}

function installedFor(file: string, peer: string): Installed | undefined {
  for (const modules of requireFrom(file).resolve.paths(peer) ?? []) {
    const folder = join(modules, peer);
    // Read, not required: few packages export their manifest.
    try {
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        version?: unknown;
      };
      return typeof version === 'string' ? { version, folder } : undefined;
    } catch {
      continue;
    }
  }
  return undefined;
}

function satisfies(version: string, range: string): boolean {
  const found = numbersOf(version);
  return range.split('||').some((part) => {
    const lowest = numbersOf(part);
    const [first] = found
      .map((number, i) => number - lowest[i]!)
      .filter((difference) => difference !== 0);
    return (first ?? 0) >= 0 && (!part.includes('^') || found[0] === lowest[0]);
  });
}

function numbersOf(version: string): readonly [number, number, number] {
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}
