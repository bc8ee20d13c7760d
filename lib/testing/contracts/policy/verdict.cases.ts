import type { Call } from './call.js';
import type { PolicySuite } from './policy-suite.js';

/** Whether it does what its author says. @internal */
export function verdictCases(suite: PolicySuite): void {
  const { lets, drops, refuses, stated } = suite;
  if (stated.length === 0) return;
  suite.when('the calls that its author has stated are made', () => {
    suite.it('lets out, drops and refuses them as stated, in one scope', async () => {
      suite.same(await suite.fatesOf(stated), expected(lets, drops, refuses));
    });

    if (suite.remembers !== 'nothing') return;
    for (const call of lets) suite.it(`lets ${call.text} out, alone`, async () => comesTo(suite, call, 'out'));
    for (const call of drops) suite.it(`drops ${call.text}, alone`, async () => comesTo(suite, call, 'dropped'));
    for (const call of refuses) suite.it(`refuses ${call.text}, alone`, async () => comesTo(suite, call, 'refused'));
  });
}

function expected(lets: readonly Call[], drops: readonly Call[], refuses: readonly Call[]): readonly string[] {
  return [
    ...lets.map((call) => `${call.text}: out`),
    ...drops.map((call) => `${call.text}: dropped`),
    ...refuses.map((call) => `${call.text}: refused`),
  ];
}

async function comesTo(suite: PolicySuite, call: Call, fate: string): Promise<void> {
  suite.same(await suite.fatesOf([call]), [`${call.text}: ${fate}`]);
}
