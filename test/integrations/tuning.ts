/** What a suite may ask of the connections it is given. */
export interface Tuning {
  /** How many at most. @default the client's own */
  readonly max?: number;
  /** Settings of PostgreSQL for each of them. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function tuned(url: string, { settings = {} }: Tuning): string {
  const result = new URL(url);
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  result.searchParams.set('options', [result.searchParams.get('options'), ...options].join(' '));
  return result.href;
}
