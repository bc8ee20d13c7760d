import { Injectable } from '@nestjs/common';

declare class Orders {
  insert(order: Order): Promise<void>;
  transaction<T>(work: () => Promise<T>): Promise<T>;
}
declare class Stock {
  reserve(order: Order): Promise<void>;
}
declare class Mail {
  sendReceipt(order: Order): Promise<void>;
}
interface Order {
  readonly id: number;
}

// …
