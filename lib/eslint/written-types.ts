import { isAirlockCall } from './airlock-calls.js';
import type { Bindings } from './bindings.js';
import {
  bare,
  type Call,
  type ClassNode,
  is,
  isFunction,
  nameOf,
  type Node,
  type NodeOf,
} from './estree.js';
import { classOfThis, type Member, membersOf, parameterOf } from './members.js';
import type { TypeNames } from './type-names.js';

/** Types that decorators inject, whatever type stands beside them. */
const INJECTED: ReadonlyMap<string, string> = new Map([
  ['InjectQueue', 'Queue'],
  ['InjectFlowProducer', 'FlowProducer'],
]);

/** Types of what libraries' factory functions make. */
const MADE: ReadonlyMap<string, string> = new Map([
  ['createTransport', 'Transporter'],
  ['axios.create', 'AxiosInstance'],
  ['ClientProxyFactory.create', 'ClientProxy'],
]);

/**
 * Finds the types of expressions from what the file itself says, in annotations, decorators and
 * `new`. Dependency injection goes by the same, so that this finds most of what the type checker
 * would, and works without one.
 *
 * @internal
 */
export class WrittenTypes {
  /** Initial values that are being looked at: one that refers to itself has no written type. */
  private readonly asked = new Set<Node>();

  constructor(
    private readonly bindings: Bindings,
    private readonly names: TypeNames,
  ) {}

  /**
   * The names of an expression's type and of those it extends; undefined where nothing is written.
   */
  typesOf(expression: Node): readonly string[] | undefined {
    if (is(expression, 'TSAsExpression', 'TSSatisfiesExpression', 'TSTypeAssertion')) {
      return this.names.in(expression.typeAnnotation) ?? this.typesOf(expression.expression);
    }
    const node = bare(expression);
    if (node !== expression) return this.typesOf(node);
    if (is(node, 'Identifier')) return this.typesOfVariable(node);
    if (is(node, 'AwaitExpression')) return this.typesOf(node.argument);
    if (is(node, 'NewExpression'))
      return is(node.callee, 'Identifier') ? this.names.ofType(node.callee) : [];
    if (is(node, 'CallExpression')) return this.typesOfCall(node);
    if (is(node, 'MemberExpression')) return this.typesOfProperty(node.object, nameOf(node));
    const owner = node.type === 'ThisExpression' ? classOfThis(node) : undefined;
    return owner && this.names.ofClass(owner);
  }

  typesOfMember({ annotation, decorators, value }: Member): readonly string[] | undefined {
    const injected = decorators.flatMap((decorator) => this.injectedBy(decorator));
    const written = this.names.in(annotation) ?? this.typesOfInitial(value);
    return written === undefined && injected.length === 0
      ? undefined
      : [...injected, ...(written ?? [])];
  }

  private typesOfInitial(value: Node | undefined): readonly string[] | undefined {
    if (!is(value, 'NewExpression', 'CallExpression') || this.asked.has(value)) return undefined;
    this.asked.add(value);
    const types = this.typesOf(value);
    this.asked.delete(value);
    return types;
  }

  /** The property of an object, where its class is in this file. */
  memberOn(object: Node, name: string): Member | undefined {
    for (const owner of this.classesOf(object)) {
      for (const current of this.bindings.lineage(owner)) {
        const member = membersOf(current).find((candidate) => candidate.name === name);
        if (member !== undefined) return member;
      }
    }
    return undefined;
  }

  private classesOf(object: Node): readonly ClassNode[] {
    const owner = bare(object).type === 'ThisExpression' ? classOfThis(object) : undefined;
    if (owner !== undefined) return [owner];
    const names = this.typesOf(object) ?? [];
    return names
      .map((name) => this.bindings.classNamed(name, object))
      .filter((found) => found !== undefined);
  }

  private typesOfProperty(object: Node, name: string | undefined): readonly string[] | undefined {
    const member = name === undefined ? undefined : this.memberOn(object, name);
    return member && this.typesOfMember(member);
  }

  private typesOfCall(call: Call): readonly string[] | undefined {
    if (isAirlockCall(call, ['defer'], this.bindings, (node) => this.typesOf(node)))
      return ['Deferred'];
    const callee = bare(call.callee);
    const name = nameOf(callee) ?? '';
    const owner = is(callee, 'MemberExpression') ? nameOf(callee.object) : undefined;
    const made = MADE.get(name) ?? MADE.get(`${owner}.${name}`);
    if (made !== undefined) return [made];
    // `moduleRef.get(Queue)`, `app.get<Queue>('stock')`
    if (!/^(get|resolve|inject)$/.test(name)) return undefined;
    return this.names.in(call.typeArguments?.params[0]) ?? this.typesOfToken(call);
  }

  private injectedBy(decorator: NodeOf<'Decorator'>): readonly string[] {
    const name = this.bindings.decoratorName(decorator) ?? '';
    const known = INJECTED.get(name);
    if (known !== undefined) return [known];
    if (name !== 'Inject' || !is(decorator.expression, 'CallExpression')) return [];
    return this.typesOfToken(decorator.expression) ?? [];
  }

  /** Reads an injection token that is a class: one in capitals only is a symbol or a string. */
  private typesOfToken({ arguments: [token] }: Call): readonly string[] | undefined {
    return is(token, 'Identifier') && /^[A-Z]\w*[a-z]/.test(token.name)
      ? this.names.ofType(token)
      : undefined;
  }

  private typesOfVariable(identifier: NodeOf<'Identifier'>): readonly string[] | undefined {
    const definition = this.bindings.lookup(identifier.name, identifier)?.defs[0];
    if (definition?.type === 'Parameter' && isFunction(definition.node)) {
      const parameter = definition.node.params
        .map(parameterOf)
        .find(({ name }) => name === identifier.name);
      return parameter && this.typesOfMember(parameter);
    }
    if (!is(definition?.node, 'VariableDeclarator')) return undefined;
    const { id, init } = definition.node;
    if (is(id, 'Identifier')) {
      return this.names.in(id.typeAnnotation) ?? (init ? this.typesOf(init) : undefined);
    }
    // `const { queue } = this`
    const property = is(id, 'ObjectPattern')
      ? id.properties.find(
          (candidate) => is(candidate, 'Property') && nameOf(candidate.value) === identifier.name,
        )
      : undefined;
    return init && is(property, 'Property')
      ? this.typesOfProperty(init, nameOf(property.key))
      : undefined;
  }
}
