import type { EffectBuffer } from 'nestjs-airlock';

interface Line {
  readonly id: number;
}
interface Order {
  readonly id: number;
  readonly lines: readonly Line[];
}
declare function pick(lineId: number): Promise<void>;

export class OrderService {
  constructor(
    private readonly repository: { save(entity: Order | Line): Promise<unknown> },
    private readonly effects: EffectBuffer,
  ) {}
  // …
  private async audit(_order: Order): Promise<void> {}
}
