import { Intent, InProcessExecutor } from 'nestjs-airlock';
import { PolicyChain } from '../../../lib/core/scope/policy-chain.js';
import { carry } from '../../../lib/core/model/intent.js';
import { EnvelopeWriter } from '../../../lib/nest/remote/envelope-writer.js';
import {
  envelopeIn,
  intentOf,
  rowOf,
  writtenOf,
} from '../../../lib/integrations/outbox/outbox-row.js';

const host = {};
const executor = new InProcessExecutor();

describe('when an effect is handed to an engine from what was written down', () => {
  it('takes along the values that its call did', () => {
    const envelopes = new EnvelopeWriter('the outbox', {});
    const args = envelopes.keepArguments({ name: 'ship', effect: () => {}, args: [7] });
    const birthplace = { id: 'scope', name: undefined, host };
    const stamp = {
      frame: undefined,
      birthplace,
      attempt: undefined,
      options: { name: 'ship' },
      path: PolicyChain.empty,
      executor,
      on: 'success',
    } as const;
    const called = new Intent(stamp, 0, () => {}, args);
    carry(called, { cls: { tenant: 'acme' } });

    const written = JSON.parse(writtenOf(called, envelopes)) as Record<string, unknown>;
    const swept = intentOf(envelopeIn(rowOf(written)), executor, envelopes, host);
    expect(envelopes.write(swept)).toMatchObject({
      id: 'scope:0',
      args: [7],
      context: { cls: { tenant: 'acme' } },
    });
  });
});
