import type { Policy, PolicyLink } from '../../../core/model/policy.js';
import { askPolicies } from '../../../core/scope/ask-policies.js';
import type { Outcome } from '../../../core/model/scope-view.js';
import type { Intent } from '../../../core/model/intent.js';
import type { FlushReport } from '../../../core/model/report.js';
import type { HandlerScope } from '../../calls/call-in-scope.js';

/**
 * Runs a command without letting anything out.
 *
 * The command itself runs as always, and writes to a database as always: only its effects are held
 * back. They are buffered, and at the end the outcome and all policies decide about them as usual.
 * Then those that would have got out are printed to stdout with their names, origins and ids (never
 * their arguments), and those that a policy would have dropped, with that policy; a summary comes
 * last. Effects that these would have called are not known, since none is run. Value, error and
 * exit code are the command's own.
 *
 * @internal
 */
export async function dryRun(
  { runtime, prepared }: HandlerScope,
  work: () => unknown,
): Promise<unknown> {
  const gate = new ClosedGate(runtime.root.chain.gates);
  const scope = runtime.scopes.enter({ ...prepared, policies: [...prepared.policies, gate] });
  const end = async (outcome: Outcome): Promise<void> => {
    const report = await scope.endAt(outcome, 'the end of the command');
    process.stdout.write(linesOf(prepared.name!, report, gate).join('\n') + '\n');
  };
  let value: unknown;
  try {
    value = await scope.run(work);
  } catch (error) {
    await end('failed').catch(runtime.logError);
    throw error;
  }
  await end('completed');
  return value;
}

/**
 * Lets nothing out. Only the application's policies come after it, so it asks these itself.
 */
class ClosedGate implements Policy {
  readonly verdicts = new Map<Intent, Policy | 'allowed'>();

  constructor(private readonly ofApplication: PolicyLink | undefined) {}

  async allows(intent: Intent): Promise<boolean> {
    const refusal = await askPolicies(this.ofApplication, intent);
    if (refusal?.end === 'failed') throw refusal.error;
    this.verdicts.set(intent, refusal?.policy ?? 'allowed');
    return false;
  }
}

function linesOf(
  name: string,
  { dropped, failed, captured, deferred }: FlushReport,
  gate: ClosedGate,
): readonly string[] {
  const blocked = dropped.flatMap(({ intent, policy }) => {
    const verdict = policy === gate ? gate.verdicts.get(intent) : policy;
    return verdict === undefined || verdict === 'allowed'
      ? []
      : [`${line(intent)}, dropped by ${nameOf(verdict)}`];
  });
  const broken = failed.map(
    ({ intent, error }) => `${line(intent)}, dropped by a policy that threw: ${String(error)}`,
  );
  const free = dropped.filter(
    ({ intent, policy }) => policy === gate && gate.verdicts.get(intent) === 'allowed',
  );
  // Captured and deferred intents do not get out later either: the gate is one of their policies.
  const out = [...free.map(({ intent }) => intent), ...captured, ...deferred].map(line);
  return [
    ...out,
    ...blocked,
    ...broken,
    `Dry run of ${name}: ${count(out.length)} would have got out, ${count(blocked.length + broken.length)} would have been dropped by policies.`,
  ];
}

function line(intent: Intent): string {
  return `[dry run] ${intent.name} from ${intent.origin} (${intent.id})`;
}

function count(effects: number): string {
  return `${effects} ${effects === 1 ? 'effect' : 'effects'}`;
}

function nameOf(policy: Policy): string {
  return policy.constructor.name === 'Object' ? 'a policy' : policy.constructor.name;
}
