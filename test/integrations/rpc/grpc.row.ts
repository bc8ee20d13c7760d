import { Client, credentials, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type GrpcOptions, GrpcMethod, Transport } from '@nestjs/microservices';
import type {
  BoundaryContractOptions,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { randomUUID } from 'node:crypto';

type Method = MethodDefinition<unknown, unknown>;

const toBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value ?? null));
const fromBytes = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

/** A method that takes and returns JSON, so that handlers may answer with whatever they like. */
function methodOf(name: string, responseStream: boolean): Method {
  return {
    path: `/airlock.Contract/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  };
}

/** Calls over gRPC that are answered with one message, or with a stream of them. */
export function grpcRow(answer: 'one message' | 'a stream'): BoundaryContractOptions {
  const streams = answer === 'a stream';
  const names: string[] = [];
  return {
    boundary: 'rpc',
    method: 'handle',
    observable: streams,
    leaves: streams,
    requestScoped: true,
    // Nest sends a single message when it is there, not at the end of the Observable.
    answersFirst: !streams,
    declare({ name, onClass, onMethod }) {
      names.push(name);
      @Controller()
      @onClass
      class GrpcHandler {
        constructor(private readonly work: ContractWork) {}
        @(GrpcMethod('Contract', name) as MethodDecorator)
        @onMethod
        handle(payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
      }
      return GrpcHandler;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({ imports: [...imports], controllers: [...handlers], providers: [...providers] })
      class AppModule {}
      const url = `unix:/tmp/airlock-grpc-${randomUUID()}.sock`;
      const contract = Object.fromEntries(names.map((name) => [name, methodOf(name, streams)]));
      const packageDefinition = { 'airlock.Contract': contract };
      const options: GrpcOptions['options'] = { package: 'airlock', packageDefinition, url };
      const app = await NestFactory.createMicroservice(AppModule, {
        transport: Transport.GRPC,
        options,
        logger,
      });
      await app.listen();
      const client = new Client(url, credentials.createInsecure());
      return {
        app,
        trigger: async (payload) =>
          streams ? answersTo(client, payload) : answerTo(client, payload),
        async leave(payload, underway) {
          const call = streamOf(client, payload);
          call.on('error', () => {});
          call.resume();
          await underway;
          call.cancel();
        },
        close: async () => client.close(),
      };
    },
  };
}

async function answerTo(client: Client, payload: ContractPayload): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = methodOf(payload.handler, false);
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, value?: unknown): void =>
      error ? reject(error) : resolve(value);
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, payload, done);
  });
}

function streamOf(client: Client, payload: ContractPayload) {
  const { path, requestSerialize, responseDeserialize } = methodOf(payload.handler, true);
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, payload);
}

async function answersTo(client: Client, payload: ContractPayload): Promise<unknown> {
  const answers: unknown[] = [];
  for await (const one of streamOf(client, payload)) answers.push(one);
  return answers;
}
