/**
 * True if a call adds children to a job that is running, as `add(name, data, { parent })` and
 * `addBulk` of job queues and flows do; told by its shape. The job waits for its children before
 * its next step, so such a call cannot be buffered.
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
