import { AIRLOCK } from './airlock-calls.js';
import type { Declarations } from './declarations.js';
import { ancestorsOf, type Call, calledName, is, isFunction, type Node } from './estree.js';
import { classOfThis, type Member, membersOf, parameterOf } from './members.js';
import { excerpt, type Fixer, type SourceCode, type Suggestion } from './rule.js';

/**
 * Rewrites a call as an effect: `await this.queue.add(…)` becomes
 * `this.effects.defer(this.queue).add(…)`.
 *
 * It is a suggestion and never a fix, since it changes when the call happens. It is made only if
 * nobody uses the result, which an effect does not have, and if an `EffectBuffer` is in reach.
 *
 * @internal
 */
export function deferral(
  call: Call,
  messageId: string,
  declarations: Declarations,
): readonly Suggestion[] {
  const whole = statementOf(call);
  const effect = whole && effectOf(call, declarations);
  if (whole === undefined || effect === undefined) return [];
  const { text } = declarations.code;
  const gaps: readonly Range[] = [
    [whole.range[0], call.range[0]],
    ...effect.gaps,
    [call.range[1], whole.range[1]],
  ];
  // The source that is left out must have no comment.
  if (gaps.some((gap) => /\/[/*]/.test(text.slice(...gap)))) return [];
  const fix = (fixer: Fixer) => fixer.replaceTextRange(whole.range, effect.text);
  return [{ messageId, data: { code: excerpt(effect.text) }, fix }];
}

/**
 * The outermost expression that only waits for the call or throws its result away; undefined where
 * the result is used.
 */
function statementOf(call: Call): Node | undefined {
  let whole: Node = call;
  for (const parent of ancestorsOf(call)) {
    if (is(parent, 'ExpressionStatement')) return whole;
    if (is(parent, 'CallExpression') && !isWaiting(parent, whole)) return undefined;
    if (is(parent, 'UnaryExpression') && parent.operator !== 'void') return undefined;
    const passes = [
      'AwaitExpression',
      'UnaryExpression',
      'CallExpression',
      'ChainExpression',
      'MemberExpression',
    ];
    if (!passes.includes(parent.type)) return undefined;
    if (is(parent, 'MemberExpression') && !isWaiting(parent.parent, parent)) return undefined;
    whole = parent;
  }
  return undefined;
}

/** `firstValueFrom(client.emit(…))` and `client.emit(…).subscribe()`. */
function isWaiting(parent: Node | undefined, inner: Node): boolean {
  if (!is(parent, 'CallExpression')) return false;
  const name = calledName(parent) ?? '';
  if (parent.callee === inner) return name === 'subscribe' && parent.arguments.length === 0;
  return ['firstValueFrom', 'lastValueFrom'].includes(name) && parent.arguments.length === 1;
}

type Range = readonly [start: number, end: number];

interface Effect {
  readonly text: string;
  /** Ranges of source between the parts that are left out. */
  readonly gaps: readonly Range[];
}

function effectOf(call: Call, declarations: Declarations): Effect | undefined {
  const { callee, range, optional } = call;
  const [start, end] = range;
  const { code } = declarations;
  if (optional) return undefined;
  if (is(callee, 'MemberExpression') && (callee.optional || callee.computed)) return undefined;
  const fn = functionText(callee, code);
  if (fn !== undefined) {
    const enqueue = reach('enqueue', call, declarations);
    if (enqueue === undefined) return undefined;
    const from = call.arguments[0]?.range[0] ?? end - 1;
    const rest = code.text.slice(from, end);
    return {
      text: `${enqueue}(${fn}${rest === ')' ? '' : ', '}${rest}`,
      gaps: [[callee.range[1], from]],
    };
  }
  const defer = reach('defer', call, declarations);
  if (defer === undefined || !is(callee, 'MemberExpression')) return undefined;
  const { object, property } = callee;
  return {
    text: `${defer}(${code.getText(object)}).${code.text.slice(property.range[0], end)}`,
    gaps: [
      [start, object.range[0]],
      [object.range[1], property.range[0]],
    ],
  };
}

/**
 * Returns the source of a function that can be handed on, own methods bound: TypeScript knows no
 * methods of `defer(this)`.
 */
function functionText(callee: Node, code: SourceCode): string | undefined {
  if (is(callee, 'Identifier')) return callee.name;
  const isOwn = is(callee, 'MemberExpression') && callee.object.type === 'ThisExpression';
  return isOwn ? `${code.getText(callee)}.bind(this)` : undefined;
}

/**
 * Returns the source that reaches a buffer's function from here: `this.effects.defer`,
 * `effects.defer`, `defer`; undefined if nothing does.
 */
function reach(
  method: 'defer' | 'enqueue',
  node: Node,
  declarations: Declarations,
): string | undefined {
  const isBuffer = (member: Member): boolean =>
    declarations.typesOfMember(member)?.includes('EffectBuffer') === true;
  for (const ancestor of ancestorsOf(node)) {
    if (!isFunction(ancestor)) continue;
    const own = ancestor.params
      .filter((parameter) => !is(parameter, 'TSParameterProperty'))
      .map(parameterOf);
    const parameter = own.find(
      (candidate) =>
        isBuffer(candidate) &&
        declarations.bindings.lookup(candidate.name, node)?.defs[0]?.node === ancestor,
    );
    if (parameter !== undefined) return `${parameter.name}.${method}`;
  }
  const owner = classOfThis(node);
  for (const current of owner === undefined ? [] : declarations.bindings.lineage(owner)) {
    const member = membersOf(current).find(
      (candidate) =>
        isBuffer(candidate) && !candidate.isStatic && (current === owner || !candidate.isPrivate),
    );
    if (member !== undefined) return `this.${member.name}.${method}`;
  }
  const free = declarations.bindings.importNamed(method, node);
  return free?.source === AIRLOCK && free.name === method ? method : undefined;
}
