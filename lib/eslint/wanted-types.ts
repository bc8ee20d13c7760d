import type { Declarations } from './declarations.js';
import { ancestorsOf, bareParent, is, isFunction, type Node } from './estree.js';

/**
 * Finds the types that an object or a function is meant to have: by a cast, or by the place it is
 * assigned to or returned from.
 * @internal
 */
export function wantedTypes(value: Node, declarations: Declarations): readonly string[] {
  const { parent } = value;
  const cast = is(parent, 'TSAsExpression', 'TSSatisfiesExpression', 'TSTypeAssertion')
    ? parent
    : undefined;
  const annotations = [cast?.typeAnnotation, annotationOf(bareParent(value))];
  return annotations.flatMap((annotation) => declarations.typesIn(annotation) ?? []);
}

function annotationOf(place: Node | undefined): Node | undefined {
  if (is(place, 'VariableDeclarator'))
    return is(place.id, 'Identifier') ? place.id.typeAnnotation : undefined;
  if (is(place, 'PropertyDefinition')) return place.typeAnnotation;
  const returning = is(place, 'ReturnStatement') ? [...ancestorsOf(place)].find(isFunction) : place;
  return isFunction(returning) ? returning.returnType : undefined;
}
