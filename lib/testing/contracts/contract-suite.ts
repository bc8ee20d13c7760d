import type { TestRunner } from './test-runner.js';

type Test = () => Promise<void>;

/** Why a case is skipped; false where it is not. @internal */
export type Lack = string | false;

/** Something that is started for cases, and closed after them. */
interface Started {
  close(): Promise<void>;
}

/** Servers, brokers and applications take their time to start. */
const STARTING_MS = 60_000;

/**
 * Defines the cases of a contract with the test runner, and closes what was started for them.
 * @internal
 */
export class ContractSuite {
  private readonly startedForCase: Started[] = [];
  private lackOfGroup: Lack = false;

  /**
   * @param caseMs time limit of a case, longer than its own waits, so that it fails with a
   *   difference and not with a timeout
   */
  constructor(
    private readonly runner: TestRunner,
    private readonly caseMs = 30_000,
  ) {}

  /**
   * Starts something before the cases and closes it after them.
   *
   * @returns a function that returns it in a case
   */
  shared<T extends Started>(start: () => Promise<T>): () => T {
    let started: T | undefined;
    this.runner.beforeAll(async () => {
      started = await start();
    }, STARTING_MS);
    this.runner.afterAll(async () => started?.close(), STARTING_MS);
    return () => started!;
  }

  /** Closes something once the current case has ended. */
  forThisCase<T extends Started>(started: T): T {
    this.startedForCase.push(started);
    return started;
  }

  beforeEach(hook: Test): void {
    this.runner.beforeEach(hook);
  }

  when(condition: string, cases: () => void, lack: Lack = false): void {
    this.runner.describe(`when ${condition}`, () => {
      this.lackOfGroup = lack;
      cases();
      this.lackOfGroup = false;
    });
  }

  it(truth: string, test: Test, lack: Lack = false): void {
    const reason = this.lackOfGroup || lack;
    if (reason) this.runner.it.skip(`${truth} (skipped: ${reason})`, test);
    else this.runner.it(truth, () => this.runCase(test), this.caseMs);
  }

  same(actual: unknown, expected: unknown): void {
    this.runner.expect(actual).toEqual(expected);
  }

  protected async runCase(test: Test): Promise<void> {
    try {
      await test();
    } finally {
      for (const started of this.startedForCase.splice(0)) await started.close();
    }
  }
}
