import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { grpcRow } from './grpc.row.js';

describeBoundaryContract('a call over gRPC that is answered once', grpcRow('one message'));
describeBoundaryContract('a call over gRPC that is answered with a stream', grpcRow('a stream'));
