import {
  ancestorsOf,
  type ClassNode,
  is,
  isClass,
  nameOf,
  type Node,
  type NodeOf,
} from './estree.js';

/**
 * A property of a class, declared in its body or as a parameter of its constructor; or any other
 * parameter.
 * @internal
 */
export interface Member {
  readonly name: string;
  /** The type of the property, or of what a getter returns. */
  readonly annotation: Node | undefined;
  readonly decorators: readonly NodeOf<'Decorator'>[];
  readonly isStatic: boolean;
  /** True if subclasses cannot reach it. */
  readonly isPrivate: boolean;
  /** Its initial value; of a method, the function. */
  readonly value: Node | undefined;
}

/** @internal */
export function membersOf({ body }: ClassNode): readonly Member[] {
  return body.body.flatMap((element): readonly Member[] => {
    if (is(element, 'PropertyDefinition', 'TSAbstractPropertyDefinition')) {
      const { typeAnnotation, value } = element;
      return [{ ...commonOf(element), annotation: typeAnnotation, value: value ?? undefined }];
    }
    if (!is(element, 'MethodDefinition')) return [];
    const { kind, value } = element;
    if (kind === 'constructor') {
      return value.params
        .filter((parameter) => is(parameter, 'TSParameterProperty'))
        .map(parameterOf);
    }
    const [annotation, initial] =
      kind === 'get' ? [value.returnType, undefined] : [undefined, value];
    return [{ ...commonOf(element), annotation, value: initial }];
  });
}

function commonOf(
  element: NodeOf<'MethodDefinition' | 'PropertyDefinition' | 'TSAbstractPropertyDefinition'>,
): Pick<Member, 'name' | 'decorators' | 'isStatic' | 'isPrivate'> {
  const { key, static: isStatic, accessibility } = element;
  const isPrivate = accessibility === 'private' || is(key, 'PrivateIdentifier');
  return { name: nameOf(key) ?? '', decorators: element.decorators ?? [], isStatic, isPrivate };
}

/** @internal */
export function parameterOf(parameter: Node): Member {
  const inner = is(parameter, 'TSParameterProperty') ? parameter.parameter : parameter;
  const target = is(inner, 'AssignmentPattern') ? inner.left : inner;
  const identifier = is(target, 'Identifier') ? target : undefined;
  const outer = is(parameter, 'TSParameterProperty') ? parameter : undefined;
  return {
    name: identifier?.name ?? '',
    annotation: is(target, 'Identifier', 'ObjectPattern') ? target.typeAnnotation : undefined,
    decorators: [...(outer?.decorators ?? []), ...(identifier?.decorators ?? [])],
    isStatic: false,
    isPrivate: outer?.accessibility === 'private',
    value: is(inner, 'AssignmentPattern') ? inner.right : undefined,
  };
}

/**
 * The class that `this` is an instance of, seen from a place; undefined where it is something else.
 * @internal
 */
export function classOfThis(node: Node): ClassNode | undefined {
  for (const ancestor of ancestorsOf(node)) {
    if (isClass(ancestor)) return ancestor;
    const isOwner = is(ancestor, 'MethodDefinition', 'PropertyDefinition');
    if (isOwner && ancestor.static) return undefined;
    if (is(ancestor, 'FunctionDeclaration')) return undefined;
    if (is(ancestor, 'FunctionExpression') && !is(ancestor.parent, 'MethodDefinition'))
      return undefined;
  }
  return undefined;
}
