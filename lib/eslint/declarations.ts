import { isAirlockCall } from './airlock-calls.js';
import { Bindings } from './bindings.js';
import {
  bare,
  type Call,
  type FunctionNode,
  is,
  isFunction,
  nameOf,
  type Node,
  type NodeOf,
} from './estree.js';
import type { Member } from './members.js';
import type { SourceCode } from './rule.js';
import { TypeInformation } from './type-information.js';
import { TypeNames } from './type-names.js';
import { WrittenTypes } from './written-types.js';

/**
 * Answers questions about the names in one file, from the type checker where there is one and from
 * the file itself.
 * @internal
 */
export class Declarations {
  readonly bindings: Bindings;
  readonly checked: TypeInformation | undefined;
  private readonly names: TypeNames;
  private readonly written: WrittenTypes;

  constructor(readonly code: SourceCode) {
    this.bindings = new Bindings(code);
    this.names = new TypeNames(this.bindings);
    this.written = new WrittenTypes(this.bindings, this.names);
    this.checked = TypeInformation.of(code);
  }

  /**
   * Finds the names of an expression's type and of the types it extends; undefined if nothing is
   * known of it.
   */
  typesOf(expression: Node): readonly string[] | undefined {
    const checked = this.checked?.namesAt(expression);
    const written = this.written.typesOf(expression);
    return checked === undefined ? written : [...checked, ...(written ?? [])];
  }

  /** The types that an annotation names; undefined where it says nothing. */
  typesIn(annotation: Node | undefined): readonly string[] | undefined {
    return this.names.in(annotation);
  }

  typesOfMember(member: Member): readonly string[] | undefined {
    return this.written.typesOfMember(member);
  }

  /** The function that a call runs, where it is written in this file. */
  functionOf(callee: Node): FunctionNode | undefined {
    const called = bare(callee);
    if (isFunction(called)) return called;
    if (is(called, 'Identifier')) return this.namedFunction(called);
    const name = nameOf(called);
    if (name === undefined || !is(called, 'MemberExpression')) return undefined;
    const value = this.written.memberOn(called.object, name)?.value;
    return isFunction(value) ? value : undefined;
  }

  /**
   * True if a call is of one of these functions of Airlock: free ones, or methods of an
   * `EffectBuffer`.
   */
  isBufferCall(call: Call, ...names: readonly string[]): boolean {
    return isAirlockCall(call, names, this.bindings, (node) => this.typesOf(node));
  }

  /**
   * True if a call runs functions in a scope of their own, so that nothing in them depends on the
   * scope around it.
   */
  opensScope(call: Call): boolean {
    const names = ['run', 'runInScope'];
    const owners = ['AirlockService', 'EffectScope'];
    return isAirlockCall(
      call,
      names,
      this.bindings,
      (node) => this.typesOf(node),
      owners,
      /(airlock|scope)$/i,
    );
  }

  isDecorated(
    decorators: readonly NodeOf<'Decorator'>[] | undefined,
    names: readonly string[],
  ): boolean {
    return (decorators ?? []).some((decorator) =>
      names.includes(this.bindings.decoratorName(decorator) ?? ''),
    );
  }

  private namedFunction(identifier: NodeOf<'Identifier'>): FunctionNode | undefined {
    const definition = this.bindings.lookup(identifier.name, identifier)?.defs[0];
    if (definition?.type === 'FunctionName' && isFunction(definition.node)) return definition.node;
    const value = is(definition?.node, 'VariableDeclarator') ? definition.node.init : undefined;
    return isFunction(value) ? value : undefined;
  }
}
