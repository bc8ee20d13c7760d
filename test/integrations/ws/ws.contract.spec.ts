import { describeBoundaryContract } from 'nestjs-airlock/testing';
import { adapters } from './sockets.js';
import { wsRow } from './ws.row.js';

describe.each(adapters)('over %s', (_name, sockets) => {
  describeBoundaryContract('a WebSocket message', wsRow(sockets));
});
