/** As libraries of mocks do: a proxy that makes a mock of any property that is read. */
export function mockOf<T extends object>(): T {
  const made = new Map<PropertyKey, unknown>();
  return new Proxy({} as T, {
    get: (_, key) => {
      if (key === 'then' || key === 'constructor') return undefined;
      if (!made.has(key)) made.set(key, jest.fn());
      return made.get(key);
    },
  });
}
