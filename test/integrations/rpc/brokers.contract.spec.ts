import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { describeWith } from '../../servers.js';
import { rpcRow } from './rpc.row.js';
import { overNats, overRabbitmq, overRedis } from './transports.js';

for (const transport of [overRedis, overNats, overRabbitmq]) {
  describeWith(transport.broker!, `over ${transport.name}`, () => {
    describeBoundaryContract(
      'a message',
      rpcRow(transport, 'messages', 'a standalone microservice'),
    );
    describeBoundaryContract('an event', rpcRow(transport, 'events', 'a standalone microservice'));
  });
}
