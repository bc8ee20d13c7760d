/**
 * True if a call adds children to a job that is running, as `add(name, data, { parent })` and
 * `addBulk` of job queues and flows do; known by its shape. That job waits for them before its next
 * step, so such a call is made at once or not at all.
 *
 * @internal
 */
export function addsChildJob(key: PropertyKey, args: readonly unknown[]): boolean {
  const [first, , options] = args;
  if (key === 'add') return hasParent(options) || hasParent(propertyOf(first, 'opts'));
  if (key === 'addBulk')
    return Array.isArray(first) && first.some((job) => hasParent(propertyOf(job, 'opts')));
  return false;
}

function hasParent(options: unknown): boolean {
  const parent = propertyOf(options, 'parent');
  return (
    typeof propertyOf(parent, 'id') === 'string' && typeof propertyOf(parent, 'queue') === 'string'
  );
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
