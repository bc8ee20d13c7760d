import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { adapters } from './sockets.js';
import { wsRow } from './ws.row.js';

describe.each(adapters)('over %s', (_name, sockets) => {
  describeBoundaryContract('a WebSocket message', wsRow(sockets));
});
