import { inspect } from 'node:util';
import type { AirlockReport, EntryPointReport, PolicyReport } from './airlock-report.js';

/**
 * Makes a report print as text when it is inspected, as by `console.log` and the REPL, or put into
 * a string. It stays plain data.
 * @internal
 */
export function printable<T extends AirlockReport>(report: T): T {
  const value = (): string => printReport(report);
  return Object.defineProperties(report, { [inspect.custom]: { value }, toString: { value } });
}

function printReport(report: AirlockReport): string {
  const {
    boundaries,
    entryPoints,
    effects,
    executors,
    adapters,
    workers,
    intercepted,
    policies,
    warnings,
  } = report;
  const off = boundaries.filter(({ isOn }) => !isOn).map(({ name }) => name);
  const kinds = [...new Set(entryPoints.map(({ boundary }) => boundary))];
  return [
    ...section('Policies of the application', [policies.join(' → ') || 'AllowAll']),
    ...section(`Entry points${off.length > 0 ? ` (off: ${off.join(', ')})` : ''}`, [
      ...kinds.flatMap((kind) => [
        kind,
        ...columns(entryPoints.filter(({ boundary }) => boundary === kind).map(cells)),
      ]),
    ]),
    ...section(
      'Effects',
      columns(
        effects.map(({ name, executor, on, serializer, timeoutMs, policies: own }) => [
          name,
          `${executor} (${executors[executor]})`,
          on === 'success' ? '' : `on ${on}`,
          serializer === 'copies' ? 'arguments copied' : `arguments in ${serializer}`,
          timeoutMs === false ? 'no time limit here' : `at most ${timeoutMs} ms`,
          way(own),
        ]),
      ),
    ),
    ...section('Executors', columns(Object.entries(executors).map(([name, type]) => [name, type]))),
    ...section('Intercepted', intercepted),
    ...section(
      'Transactions',
      columns(adapters.map(({ client, doors }) => [client, doors.join(', ')])),
    ),
    ...section(
      'Workers',
      columns(
        workers.map(({ engine, queues, concurrency }) => [
          engine,
          queues.join(', '),
          concurrency === undefined ? '' : `${concurrency} at a time`,
        ]),
      ),
    ),
    ...section('Warnings', warnings),
  ].join('\n');
}

function cells({ name, policies, openAt, dispatch }: EntryPointReport): readonly string[] {
  return [
    name,
    [openAt && `open around the ${openAt}`, dispatch].filter(Boolean).join(', '),
    way(policies),
  ];
}

/** The policies in the order in which they are asked. */
function way(policies: readonly PolicyReport[]): string {
  return policies.map(({ name, from }) => `${name} (${from})`).join(' → ');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}`,
  );
}
