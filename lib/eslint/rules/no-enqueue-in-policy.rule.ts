import { Declarations } from '../declarations.js';
import { Effects } from '../effects.js';
import {
  bare,
  bareParent,
  type ClassNode,
  type FunctionNode,
  is,
  isClass,
  isFunction,
  nameOf,
  type Node,
  type NodeOf,
} from '../estree.js';
import { membersOf, parameterOf } from '../members.js';
import { type AirlockRule, callsIn, excerpt, type RuleContext, pageOf } from '../rule.js';
import { wantedTypes } from '../wanted-types.js';

const METHODS: readonly string[] = ['allows', 'onEnqueue'];
const POLICIES: readonly string[] = [
  'Policy',
  'PolicyRef',
  'AllowAll',
  'AllowOnly',
  'AssertNoEffects',
  'BlockTasks',
  'DropAll',
  'LimitPerFlush',
  'LogOnFlush',
];
const TAKERS: readonly string[] = ['withPolicy', 'UseAirlockPolicy', 'Airlock'];

/**
 * A policy that calls an effect gets `PolicyEnqueueError`, also after an `await` (rule 13).
 * @internal
 */
export const noEnqueueInPolicy: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Let policies decide about effects and call none',
      recommended: true,
      url: pageOf('no-enqueue-in-policy'),
    },
    messages: {
      effect:
        'A policy cannot call effects: `{{call}}` throws `PolicyEnqueueError` here. Call it where the work is done, or look on by `onAirlock`.',
      indirect:
        'A policy cannot call effects: `{{call}}` comes to call one, which throws `PolicyEnqueueError` here. Call it where the work is done, or look on by `onAirlock`.',
    },
    schema: [],
  },
  create(context: RuleContext) {
    const { sourceCode } = context;
    const declarations = new Declarations(sourceCode);
    const effects = new Effects(declarations);

    function check(name: string | undefined, fn: FunctionNode, isPolicy: () => boolean): void {
      if (!METHODS.includes(name ?? '') || !(takesIntent(fn) || isPolicy())) return;
      const isOutside = (node: Node): boolean =>
        is(node, 'CallExpression') && declarations.opensScope(node);
      for (const call of callsIn(fn.body, sourceCode, (node) => !isOutside(node))) {
        // What a function that is called on the spot does is seen on its own.
        if (isFunction(bare(call.callee))) continue;
        const isEffect = effects.isEffect(call);
        if (!isEffect && effects.timingOfCall(call) === 'none') continue;
        const data = { call: excerpt(sourceCode.getText(call)) };
        context.report({ node: call, messageId: isEffect ? 'effect' : 'indirect', data });
      }
    }

    function takenBy(fn: FunctionNode): readonly string[] | undefined {
      const [first] = fn.params;
      return first && declarations.typesIn(parameterOf(first).annotation);
    }

    function takesIntent(fn: FunctionNode): boolean {
      return takenBy(fn)?.includes('Intent') === true;
    }

    /**
     * True for a function whose parameter is declared as something else, such as a queue's listener
     * that happens to be called `onEnqueue`.
     */
    function takesSomethingElse(value: Node | undefined): boolean {
      return isFunction(value) && takenBy(value)?.includes('Intent') === false;
    }

    function isPolicyType(types: readonly string[] | undefined): boolean {
      return types?.some((type) => POLICIES.includes(type)) === true;
    }

    function isPolicyClass(owner: ClassNode): boolean {
      const lineage = [...declarations.bindings.lineage(owner)];
      const named = lineage.flatMap(({ implements: contracts, superClass }) =>
        [...(contracts ?? []).map(({ expression }) => expression), superClass].filter((node) =>
          is(node, 'Identifier'),
        ),
      );
      if (isPolicyType(named.map((node) => declarations.bindings.originalName(node)))) return true;
      return membersOf(owner).some(
        ({ name, value }) => name === 'onEnqueue' && !takesSomethingElse(value),
      );
    }

    /** True for an object in a place that takes a policy. */
    function isPolicyObject(object: NodeOf<'ObjectExpression'>): boolean {
      const hasOnEnqueue = object.properties.some(
        (property) =>
          is(property, 'Property') &&
          nameOf(property.key) === 'onEnqueue' &&
          !takesSomethingElse(property.value),
      );
      if (hasOnEnqueue) return true;
      if (isPolicyType(wantedTypes(object, declarations))) return true;
      let place = bareParent(object);
      if (is(place, 'ArrayExpression')) place = bareParent(place);
      if (is(place, 'CallExpression')) return TAKERS.includes(calledOrDecorating(place) ?? '');
      return is(place, 'Property') && nameOf(place.key) === 'policy';
    }

    function calledOrDecorating({ callee }: NodeOf<'CallExpression'>): string | undefined {
      return is(callee, 'Identifier') ? declarations.bindings.originalName(callee) : nameOf(callee);
    }

    function checkMember({
      key,
      value,
      parent,
    }: NodeOf<'MethodDefinition' | 'PropertyDefinition'>): void {
      const owner = parent?.parent;
      if (isFunction(value))
        check(nameOf(key), value, () => isClass(owner) && isPolicyClass(owner));
    }

    return {
      MethodDefinition: checkMember,
      PropertyDefinition: checkMember,
      Property({ key, value, parent }: NodeOf<'Property'>) {
        if (isFunction(value))
          check(nameOf(key), value, () => is(parent, 'ObjectExpression') && isPolicyObject(parent));
      },
    };
  },
};
