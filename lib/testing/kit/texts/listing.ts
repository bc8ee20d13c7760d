import { Intent, stampOf } from '../../../core/model/intent.js';
import type { DroppedIntent } from '../../../core/model/report.js';
import type { EffectRecord } from '../recording/effect-record.js';
import { print, printIntent } from './print.js';

const UNDECIDED = 'not decided yet';
/** Largest number of intents that are listed, and of letters that are shown of each. */
const [MOST, WIDEST] = [50, 300];

/** Text about what has become of an intent. @internal */
export type Ending = (intent: Intent) => string;

/** @internal */
export function endingsOf({ dispatched, dropped, failed }: EffectRecord): Ending {
  const texts = new Map<string, string>();
  for (const { id } of dispatched) texts.set(id, 'dispatched');
  for (const drop of dropped) texts.set(drop.intent.id, dropText(drop));
  for (const { intent, error } of failed) texts.set(intent.id, `failed: ${print(error)}`);
  return (intent) => texts.get(intent.id) ?? undecided(intent);
}

function undecided(intent: Intent): string {
  // One of a copy of this package that a test has loaded before keeps its transaction to itself.
  const isHeld = intent instanceof Intent && stampOf(intent).frame?.root.fate === 'open';
  return isHeld ? `${UNDECIDED}: its transaction is still open` : UNDECIDED;
}

/** "It was dropped: outcome", "it failed: …". @internal */
export function sentenceOf(ending: string): string {
  if (ending.startsWith('failed')) return ending;
  return `${ending.startsWith(UNDECIDED) ? 'is' : 'was'} ${ending}`;
}

/** `dropped: policy (BlockTasks)`. @internal */
export function dropText({ reason, policy }: Pick<DroppedIntent, 'reason' | 'policy'>): string {
  return `dropped: ${reason}${policy === undefined ? '' : ` (${policy.constructor.name})`}`;
}

/** @internal */
export function listOfEffects(
  record: EffectRecord & { readonly knowsEndings?: boolean; readonly error?: unknown },
  isMarked?: (intent: Intent) => boolean,
): string {
  const { effects, error, knowsEndings = true } = record;
  // The error most likely explains why something is missing.
  const thrown = error === undefined ? [] : [sentence(`The block threw ${print(error)}`)];
  if (effects.length === 0) return [...thrown, 'Nothing was enqueued.'].join('\n');
  const ending = endingsOf(record);
  return [
    ...thrown,
    'Enqueued:',
    ...lines(effects, (intent) => (knowsEndings ? ` — ${ending(intent)}` : ''), isMarked),
  ].join('\n');
}

/** Ends a text that may end with a message, which may be sentences itself. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** @internal */
export function lines(
  intents: readonly Intent[],
  remark: (intent: Intent) => string = () => '',
  isMarked: (intent: Intent) => boolean = () => false,
): readonly string[] {
  const shown = intents.slice(0, MOST).map((intent, i) => {
    return `${isMarked(intent) ? '→' : ' '} ${i + 1}. ${shortened(printIntent(intent))}${remark(intent)}`;
  });
  return intents.length > MOST ? [...shown, `  … and ${intents.length - MOST} more`] : shown;
}

function shortened(call: string): string {
  return call.length > WIDEST ? `${call.slice(0, WIDEST)}…` : call;
}
