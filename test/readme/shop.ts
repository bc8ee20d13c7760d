// What the `@example`s in `lib/` use and do not show: a small shop.
import type { AirlockService, EffectBuffer, FrameConnection } from 'nestjs-airlock';

export declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}
export declare class OrderService {
  place(orderId: number): Promise<void>;
  list(): Promise<readonly { id: number }[]>;
}
export declare class ShopSettings {
  readonly isReadOnly: boolean;
}
export interface Connection extends FrameConnection {
  query(sql: string): Promise<unknown>;
}

export declare const order: { readonly id: number };
export declare const orders: OrderService;
export declare const queue: { add(name: string, data: object): Promise<{ id: string }> };
export declare const smtp: { sendMail(mail: object): Promise<unknown> };
export declare const connection: Connection;
export declare const database: {
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
};
export declare function notifyWarehouse(orderId: number): Promise<void>;
export declare function refund(orderId: number): Promise<void>;

export declare const airlock: AirlockService;
export declare const effects: EffectBuffer;
