import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { rpcRow } from './rpc.row.js';
import { tcp } from './transports.js';

describe.each([
  'a standalone microservice',
  'a hybrid application',
  'a hybrid application with `inheritAppConfig`',
] as const)('in %s', (kind) => {
  describeBoundaryContract('a message over TCP', rpcRow(tcp, 'messages', kind));
  describeBoundaryContract('an event over TCP', rpcRow(tcp, 'events', kind));
});
