import type { LoggerService } from '@nestjs/common';
import type { AirlockRuntime } from '../../core/runtime.js';
import type { Class } from '../container/candidate.js';
import type { Member } from '../container/providers.js';
import type { EffectReport } from '../services/airlock-report.js';

/**
 * Warns of a class that is provided twice and has effects which workers may run. A worker finds an
 * effect by its name, which is the class's, so it cannot tell which of the instances was called.
 *
 * @internal
 */
export class EffectsProvidedTwice {
  /** The first provider of each class. */
  private readonly first = new Map<Class, Member>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly logger: LoggerService,
  ) {}

  /** Notes a provider with effects, and warns if it is not the first of its class. */
  note(member: Member, effects: readonly EffectReport[]): void {
    if (!this.runtime.executors.some(({ remote }) => remote === true)) return;
    const { type, instance } = member;
    const first = this.first.get(type);
    if (first === undefined) this.first.set(type, member);
    else if (first.instance !== instance) {
      const names = effects.map(({ name }) => `\`${name}\``).join(', ');
      this.logger.warn(
        `\`${type.name}\` is provided twice, as ${placeOf(first)} and as ${placeOf(member)}, with the effects ${names}. A worker runs ` +
          'those of the first, whichever was called. If they differ, give one a class of its own; if not, provide it once and export it.',
      );
    }
  }
}

function placeOf({ wrapper: { name, host } }: Member): string {
  return `\`${String(name)}\` of \`${host?.name}\``;
}
