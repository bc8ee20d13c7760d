import type { EffectBuffer } from 'nestjs-airlock';

interface Line {
  readonly id: number;
}
interface Order {
  readonly id: number;
  readonly lines: readonly Line[];
}
declare function pick(lineId: number): Promise<void>;
declare function notifyAuditor(orderId: number): Promise<void>;

export class OrderService {
  constructor(
    private readonly repository: { save(entity: Order | Line): Promise<unknown> },
    private readonly effects: EffectBuffer,
  ) {}
  // …
}
