import type { AirlockRule } from './rule.js';
import { noDirectDispatch } from './rules/no-direct-dispatch.rule.js';
import { noEnqueueInPolicy } from './rules/no-enqueue-in-policy.rule.js';
import { noFloatingEffects } from './rules/no-floating-effects.rule.js';
import { noIoInTransaction } from './rules/no-io-in-transaction.rule.js';
import { sideEffectReturnsVoid } from './rules/side-effect-returns-void.rule.js';
import { requirePeer } from '../installation/required-peer.js';

export type { AirlockRule } from './rule.js';

requirePeer('eslint', '>=9.0.0', 'nestjs-airlock/eslint');

/** @publicApi */
export const meta = {
  /** Also the prefix of the rules: `nestjs-airlock/no-direct-dispatch`. */
  name: 'nestjs-airlock',
  /** Version of the package; ESLint keeps it in the key of its cache. */
  version: '0.1.0',
} as const;

/** @publicApi */
export const rules = {
  'no-direct-dispatch': noDirectDispatch,
  'no-enqueue-in-policy': noEnqueueInPolicy,
  'no-floating-effects': noFloatingEffects,
  'no-io-in-transaction': noIoInTransaction,
  'side-effect-returns-void': sideEffectReturnsVoid,
} satisfies Record<string, AirlockRule>;

/** An entry of an ESLint flat config. @publicApi */
export interface AirlockConfig {
  readonly name: string;
  readonly plugins: Record<string, AirlockPlugin>;
  readonly rules: Record<`${typeof meta.name}/${keyof typeof rules}`, 'error'>;
}

/** @publicApi */
export interface AirlockPlugin {
  readonly meta: typeof meta;
  readonly rules: Record<keyof typeof rules, AirlockRule>;
  readonly configs: Record<'recommended', AirlockConfig>;
}

const plugin: AirlockPlugin = {
  meta,
  rules,
  configs: {
    /** All rules; each alarm is an error. */
    recommended: {
      name: 'nestjs-airlock/recommended',
      // ESLint takes one object per prefix, so it must be the plugin itself.
      get plugins() {
        return { [meta.name]: plugin };
      },
      rules: {
        'nestjs-airlock/no-direct-dispatch': 'error',
        'nestjs-airlock/no-enqueue-in-policy': 'error',
        'nestjs-airlock/no-floating-effects': 'error',
        'nestjs-airlock/no-io-in-transaction': 'error',
        'nestjs-airlock/side-effect-returns-void': 'error',
      },
    },
  },
};

/** @publicApi */
export const { configs } = plugin;

export default plugin;
