declare class OrderService {
  constructor(mail: MailService);
  place(order: { readonly id: number }): Promise<void>;
}
declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}
// …
