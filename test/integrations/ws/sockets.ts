import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { once } from 'node:events';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** A client's connection. */
export interface Connection {
  send(event: string, data: unknown): void;
  /** @returns what stops listening */
  on(event: string, listener: (data: never) => void): () => void;
  close(): void;
}

/** A WebSocket adapter, and its clients. */
export interface Sockets {
  readonly name: string;
  adapter(app: INestApplicationContext): WebSocketAdapter;
  connect(url: string): Promise<Connection>;
  /** From a server to one of its clients. */
  send(client: unknown, event: string, data: unknown): void;
}

const socketIo: Sockets = {
  name: 'socket.io',
  adapter: (app) => new IoAdapter(app),
  async connect(url) {
    const socket = io(url, { transports: ['websocket'], reconnection: false });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return {
      send: (event, data) => void socket.emit(event, data),
      on(event, listener) {
        socket.on(event, listener as never);
        return () => socket.off(event, listener as never);
      },
      close: () => void socket.disconnect(),
    };
  },
  send(client, event, data) {
    (client as { emit(event: string, data: unknown): void }).emit(event, data);
  },
};

/** Several gateways listen to one connection, more than Node takes for no leak. */
class RoomyWsAdapter extends WsAdapter {
  override bindMessageHandlers(...args: Parameters<WsAdapter['bindMessageHandlers']>): void {
    (args[0] as WebSocket).setMaxListeners(0);
    super.bindMessageHandlers(...args);
  }
}

const plain: Sockets = {
  name: 'ws',
  adapter: (app) => new RoomyWsAdapter(app),
  async connect(url) {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.setMaxListeners(0);
    return {
      send: (event, data) => socket.send(JSON.stringify({ event, data })),
      on(event, listener) {
        const onMessage = (text: Buffer): void => {
          const message = JSON.parse(String(text)) as { event: string; data: never };
          if (message.event === event) listener(message.data);
        };
        socket.on('message', onMessage);
        return () => socket.off('message', onMessage);
      },
      close: () => socket.terminate(),
    };
  },
  send: (client, event, data) => (client as WebSocket).send(JSON.stringify({ event, data })),
};

export const adapters: readonly (readonly [string, Sockets])[] = [
  [socketIo.name, socketIo],
  [plain.name, plain],
];
