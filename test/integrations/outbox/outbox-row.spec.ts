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

function called(name: string, args: unknown[]): Intent {
  const birthplace = { id: 'scope', name: undefined, host };
  const stamp = {
    frame: undefined,
    birthplace,
    attempt: undefined,
    options: { name },
    path: PolicyChain.empty,
    executor,
    on: 'success',
  } as const;
  return new Intent(stamp, 0, () => {}, args);
}

describe('when an effect is handed to an engine from what was written down', () => {
  it('takes along the values that its call did', () => {
    const envelopes = new EnvelopeWriter('the outbox', {});
    const args = envelopes.keepArguments({ name: 'ship', effect: () => {}, args: [7] });
    const ship = called('ship', args);
    carry(ship, { cls: { tenant: 'acme' } });

    const swept = intentOf(
      envelopeIn(rowOf(writtenOf(ship, envelopes))),
      executor,
      envelopes,
      host,
    );
    expect(envelopes.write(swept)).toMatchObject({
      id: 'scope:0',
      args: [7],
      context: { cls: { tenant: 'acme' } },
    });
  });
});

describe('when a database has not all letters', () => {
  it('keeps names and arguments in those that it has, and reads them as they were', () => {
    const envelopes = new EnvelopeWriter('the outbox', {});
    const text = 'ü € 😀 \ud83d \\u00fc \u0000';
    const effect = function schicke(): void {};
    const args = envelopes.keepArguments({ name: 'größe', effect, args: [text] });
    const written = writtenOf(called('größe', args), envelopes);
    expect(Object.values(written).join('')).toMatch(/^[ -~]*$/);
    const row = rowOf({ ...written, error: 'No: \\u00fc \\u001b' });
    expect(row).toMatchObject({ effect: 'größe', error: 'No: ü \\u001b' });
    expect(envelopeIn(row)).toMatchObject({ effect: 'größe', args: [text] });
  });
});
