import { type ChannelCredentials, credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { fromJSON, type PackageDefinition } from '@grpc/proto-loader';
import { type GrpcOptions, Transport } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';

/** Which side of a method sends a stream. */
export interface Streaming {
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

/** A client's call that streams. */
export interface ClientCall {
  write(message: object): void;
  end(): void;
  cancel(): void;
  on(event: 'data', listener: (message: { text: string }) => void): void;
  on(event: 'error' | 'end', listener: (error: Error) => void): void;
}

export interface Client {
  readonly [method: string]: (...args: readonly unknown[]) => ClientCall;
}

/** A service whose methods take and return texts. */
export function serviceOf(methods: Readonly<Record<string, Streaming>>): PackageDefinition {
  const text = { fields: { text: { type: 'string', id: 1 } } };
  const all = Object.entries(methods).map(([name, streaming]) => [
    name,
    { requestType: 'Text', responseType: 'Text', ...streaming },
  ]);
  return fromJSON(
    {
      nested: {
        airlock: { nested: { Text: text, Orders: { methods: Object.fromEntries(all) as object } } },
      },
    } as never,
    { keepCase: true, defaults: true },
  );
}

/** What a server of it listens with: an address of its own, with no port to agree on. */
export function optionsOf(
  packageDefinition: PackageDefinition,
): GrpcOptions & { options: { url: string } } {
  const url = `unix:/tmp/airlock-grpc-${randomUUID()}.sock`;
  return { transport: Transport.GRPC, options: { package: 'airlock', packageDefinition, url } };
}

/** A client of it. */
export function clientOf(
  packageDefinition: PackageDefinition,
  url: string,
): Client & { close(): void } {
  const { airlock } = loadPackageDefinition(packageDefinition) as unknown as {
    airlock: { Orders: new (url: string, how: ChannelCredentials) => Client & { close(): void } };
  };
  return new airlock.Orders(url, credentials.createInsecure());
}

/** Calls a method that answers once: with one message, or with a stream of them. */
export async function ask(
  client: Client,
  method: string,
  message: string | readonly string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, answer?: { text: string }): void =>
      error === null ? resolve(answer!.text) : reject(error);
    if (typeof message === 'string') return void client[method]!({ text: message }, done);
    const call = client[method]!(done);
    for (const text of message) call.write({ text });
    call.end();
  });
}

/** Sends a stream, and collects the one that comes back. */
export async function converse(
  client: Client,
  method: string,
  messages: readonly string[],
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const call = client[method]!();
    const answers: string[] = [];
    call.on('data', ({ text }) => answers.push(text));
    call.on('error', reject);
    call.on('end', () => resolve(answers));
    for (const text of messages) call.write({ text });
    call.end();
  });
}
