import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectKnex } from '../integrations/knex/contract.client.js';
import { connectPg } from '../integrations/pg/contract.client.js';
import { describeWith, postgres } from '../servers.js';
import { Machine } from './machine.js';
import { verdictOf } from './model.js';
import type { Node } from './program.js';
import { program } from './programs.js';

const PROGRAMS = Number(process.env.ORACLE_PROGRAMS || 500);
const SEED = Number(process.env.ORACLE_SEED || Math.floor(Math.random() * 2 ** 31));

/** More connections than any program uses at a time; none asks what a crash of the server would leave. */
const TUNING = { max: 12, settings: { synchronous_commit: 'off' } };

const connect = {
  pg: () => connectPg(TUNING),
  Drizzle: () => connectNodePostgres(TUNING),
  Knex: () => connectKnex(undefined, TUNING),
};
type Adapter = keyof typeof connect;

const ADAPTERS = Object.keys(connect) as Adapter[];

describeWith(postgres, 'the oracle', () => {
  const machines = new Map<Adapter, Machine>();
  const tally = { programs: 0, out: 0, dropped: 0, disagreements: 0 };

  beforeAll(async () => {
    for (const adapter of ADAPTERS) machines.set(adapter, await Machine.on(await connect[adapter]()));
  });
  afterAll(async () => {
    for (const machine of machines.values()) await machine.stop();
    const { programs, out, dropped, disagreements } = tally;
    mkdirSync('.cache', { recursive: true });
    writeFileSync(
      '.cache/oracle.txt',
      `oracle: ${programs} programs, ${out} effects out, ${dropped} effects dropped, ${disagreements} disagreements (ORACLE_SEED=${SEED})\n`,
    );
  });

  /** The first disagreement ends it; what comes after that are smaller programs that disagree as well. */
  const judge = async (adapter: Adapter, node: Node): Promise<void> => {
    const counts = tally.disagreements === 0 ? tally : { ...tally };
    counts.programs++;
    try {
      const { called, ...run } = await machines.get(adapter)!.run(node);
      counts.out += run.out.length;
      counts.dropped += called - run.out.length;
      expect(run).toEqual({ ...verdictOf(node), unseen: [] });
    } catch (error) {
      counts.disagreements = 1;
      throw error;
    }
  };

  describe('when a random program has run', () => {
    it(
      'has let out the effects of the rows that are there, minus what policies and outcomes forbid',
      async () => {
        const property = fc.asyncProperty(fc.constantFrom(...ADAPTERS), program, judge);
        await fc.assert(property, { numRuns: PROGRAMS, seed: SEED });
        expect(tally).toMatchObject({ programs: PROGRAMS, disagreements: 0 });
      },
      60_000 + PROGRAMS * 60,
    );
  });
});
