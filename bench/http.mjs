// One route, served by a process of its own on a core of its own, loaded from here; variants take
// turns in every round.
import { fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { atLeast, ratioOf, row } from './ratios.mjs';

const variants = [
  ...[
    'bare',
    'no-op interceptor',
    'async context',
    'airlock 0',
    'airlock 3',
    'airlock 20',
    'request-scoped',
  ],
  ...['nestjs-cls', 'airlock 3, inspected', 'airlock 3, opentelemetry'],
];
const seconds = Number(process.env.BENCH_SECONDS ?? 3);
const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
const pin = (pid, core) => hasTaskset && spawnSync('taskset', ['-acp', String(core), String(pid)]);

function start(platform, variant) {
  const server = fork(
    fileURLToPath(new URL('./http.server.mjs', import.meta.url)),
    [platform, variant],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  pin(server.pid, 1);
  return new Promise((resolve, reject) => {
    server.once('message', ({ port }) => resolve({ server, url: `http://127.0.0.1:${port}/` }));
    server.once('exit', (code) =>
      reject(new Error(`The ${platform} server of "${variant}" left with ${code}`)),
    );
  });
}

async function requestsPerSecond(url, duration) {
  const { requests, non2xx, errors } = await autocannon({
    url,
    connections: 32,
    pipelining: 4,
    duration,
  });
  if (non2xx + errors > 0)
    throw new Error(`${url} answered ${non2xx} times with an error, and ${errors} requests failed`);
  return requests.total / duration;
}

async function measurePlatform(platform, rounds) {
  const servers = new Map();
  for (const variant of variants) servers.set(variant, await start(platform, variant));
  const figures = new Map(variants.map((variant) => [variant, []]));
  try {
    for (const { url } of servers.values()) await requestsPerSecond(url, 2);
    for (let round = 0; round < rounds; round++) {
      // Every other round backwards, so that drift of the machine favours nobody.
      for (const variant of round % 2 ? variants.toReversed() : variants) {
        figures.get(variant).push(await requestsPerSecond(servers.get(variant).url, seconds));
      }
    }
  } finally {
    for (const { server } of servers.values()) server.removeAllListeners('exit').kill();
  }
  const against = (variant, peer, goal) =>
    row(`${platform}: ${variant}`, peer, ratioOf(figures.get(variant), figures.get(peer)), goal);
  const isFastify = platform === 'fastify';
  return [
    against('no-op interceptor', 'bare'),
    against('async context', 'no-op interceptor'),
    against('airlock 0', 'async context'),
    against('airlock 0', 'no-op interceptor', atLeast(isFastify ? 0.85 : 0.95)),
    against('airlock 3', 'no-op interceptor', atLeast(isFastify ? 0.8 : 0.96)),
    against('airlock 20', 'no-op interceptor'),
    against('airlock 3', 'request-scoped', isFastify ? atLeast(3.5) : undefined),
    against('airlock 3', 'nestjs-cls', isFastify ? atLeast(1.4) : undefined),
    against('airlock 3, inspected', 'airlock 3', atLeast(0.9)),
    against('airlock 3, opentelemetry', 'airlock 3', atLeast(0.98)),
  ].map((entry) => ({ ...entry, what: `${entry.what} / ${entry.peer}` }));
}

export async function measure(rounds) {
  pin(process.pid, 0);
  return [
    ...(await measurePlatform('fastify', rounds)),
    ...(await measurePlatform('express', rounds)),
  ];
}
