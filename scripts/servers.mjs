// Finds the servers for suites that answer here (test/servers.json).
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

export async function findServers() {
  const servers = JSON.parse(readFileSync('test/servers.json', 'utf8'));
  return Promise.all(
    servers.map(async ({ name, variable, url, port }) => {
      const { hostname, port: given } = new URL(process.env[variable] || url);
      const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(given || port) };
      return {
        name,
        variable,
        place: `${address.host}:${address.port}`,
        answers: await connects(address),
      };
    }),
  );
}

function connects(address) {
  return new Promise((resolve) => {
    const socket = connect({ ...address, timeout: 5000 });
    const end = (answers) => {
      socket.destroy();
      resolve(answers);
    };
    socket
      .on('connect', () => end(true))
      .on('error', () => end(false))
      .on('timeout', () => end(false));
  });
}
