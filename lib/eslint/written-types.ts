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
import { TRANSPARENT_TYPES } from './type-information.js';

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

const UNINFORMATIVE: readonly string[] = ['TSAnyKeyword', 'TSUnknownKeyword', 'TSObjectKeyword'];

/**
 * Types as they are written in the file itself, in annotations, decorators and `new`: what
 * dependency injection goes by, so it says most of what the type checker would, and is there
 * without it.
 *
 * @internal
 */
export class WrittenTypes {
  /** Initial values that are being asked about: one that refers to itself says nothing. */
  private readonly asked = new Set<Node>();

  constructor(private readonly bindings: Bindings) {}

  /**
   * The names of an expression's type and of those it extends; undefined where nothing is written.
   */
  typesOf(expression: Node): readonly string[] | undefined {
    if (is(expression, 'TSAsExpression', 'TSSatisfiesExpression', 'TSTypeAssertion')) {
      return this.typesIn(expression.typeAnnotation) ?? this.typesOf(expression.expression);
    }
    const node = bare(expression);
    if (node !== expression) return this.typesOf(node);
    if (is(node, 'Identifier')) return this.typesOfVariable(node);
    if (is(node, 'AwaitExpression')) return this.typesOf(node.argument);
    if (is(node, 'NewExpression'))
      return is(node.callee, 'Identifier') ? this.namesOf(node.callee, new Set()) : [];
    if (is(node, 'CallExpression')) return this.typesOfCall(node);
    if (is(node, 'MemberExpression')) return this.typesOfProperty(node.object, nameOf(node));
    const owner = node.type === 'ThisExpression' ? classOfThis(node) : undefined;
    return owner && this.namesOfClass(owner);
  }

  /** The types that an annotation names; undefined where it says nothing. */
  typesIn(annotation: Node | undefined): readonly string[] | undefined {
    return annotation && this.namesIn(annotation, new Set());
  }

  typesOfMember({ annotation, decorators, value }: Member): readonly string[] | undefined {
    const injected = decorators.flatMap((decorator) => this.injectedBy(decorator));
    const written = this.typesIn(annotation) ?? this.typesOfInitial(value);
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
    return this.typesIn(call.typeArguments?.params[0]) ?? this.typesOfToken(call);
  }

  private injectedBy(decorator: NodeOf<'Decorator'>): readonly string[] {
    const name = this.bindings.decoratorName(decorator) ?? '';
    const known = INJECTED.get(name);
    if (known !== undefined) return [known];
    if (name !== 'Inject' || !is(decorator.expression, 'CallExpression')) return [];
    return this.typesOfToken(decorator.expression) ?? [];
  }

  /** A class that is asked for: an injection token in capitals only is a symbol or a text. */
  private typesOfToken({ arguments: [token] }: Call): readonly string[] | undefined {
    return is(token, 'Identifier') && /^[A-Z]\w*[a-z]/.test(token.name)
      ? this.namesOf(token, new Set())
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
      return this.typesIn(id.typeAnnotation) ?? (init ? this.typesOf(init) : undefined);
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

  private namesIn(type: Node, seen: Set<Node>): readonly string[] | undefined {
    if (UNINFORMATIVE.includes(type.type) || seen.has(type)) return undefined;
    seen.add(type);
    if (is(type, 'TSTypeAnnotation')) return this.namesIn(type.typeAnnotation, seen);
    if (is(type, 'TSUnionType', 'TSIntersectionType')) {
      const parts = type.types
        .map((part) => this.namesIn(part, seen))
        .filter((names) => names !== undefined);
      return parts.length === 0 ? undefined : parts.flat();
    }
    const written = is(type, 'TSTypeReference')
      ? type.typeName
      : is(type, 'TSImportType')
        ? type.qualifier
        : undefined;
    const name = nameOf(written);
    if (name === undefined) return [];
    const [argument] = is(type, 'TSTypeReference') ? (type.typeArguments?.params ?? []) : [];
    if (argument !== undefined && TRANSPARENT_TYPES.includes(name))
      return this.namesIn(argument, seen);
    return is(written, 'Identifier') ? this.namesOf(written, seen) : [name];
  }

  /**
   * The name of a type where it comes from, and the names of what it extends as far as this file
   * says.
   */
  private namesOf(identifier: NodeOf<'Identifier'>, seen: Set<Node>): readonly string[] {
    const declaration = this.bindings.declarationOf(identifier);
    const owner = this.bindings.classNamed(identifier.name, identifier);
    if (owner !== undefined) return this.namesOfClass(owner);
    if (is(declaration, 'TSTypeAliasDeclaration')) {
      return [identifier.name, ...(this.namesIn(declaration.typeAnnotation, seen) ?? [])];
    }
    if (!is(declaration, 'TSInterfaceDeclaration')) return [this.bindings.originalName(identifier)];
    if (seen.has(declaration)) return [];
    seen.add(declaration);
    const bases = declaration.extends
      .map(({ expression }) => expression)
      .filter((base) => is(base, 'Identifier'));
    return [identifier.name, ...bases.flatMap((base) => this.namesOf(base, seen))];
  }

  private namesOfClass(start: ClassNode): readonly string[] {
    return [...this.bindings.lineage(start)].flatMap(({ id, superClass }) => [
      ...(id ? [id.name] : []),
      ...(is(superClass, 'Identifier') ? [this.bindings.originalName(superClass)] : []),
    ]);
  }
}
