import {
  BadRequestException,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type ModuleMetadata,
  Param,
  Post,
  type Type,
} from '@nestjs/common';
import {
  Airlock,
  AirlockModule,
  type AirlockModuleOptions,
  AllowAll,
  BlockTasks,
  DropAll,
  EffectBuffer,
  enqueueWith,
  openFrame,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { AirlockInspectorModule, type AirlockInspectorOptions } from 'nestjs-airlock/inspector';
import { Outbox } from '../../e2e/http/fixtures.js';

export const MARKUP = '<img src=x onerror="document.title=1">';

@Injectable()
export class MailService {
  constructor(@Inject(Outbox) private readonly outbox: Outbox) {}

  @SideEffect()
  async sendReceipt(order: { readonly email: string; readonly card?: string }): Promise<void> {
    this.outbox.sent.push(`receipt to ${order.email}`);
  }

  @SideEffect({ dedupeKey: (email: string) => email })
  async sendNewsletter(email: string): Promise<void> {
    this.outbox.sent.push(`newsletter to ${email}`);
  }
}

@Injectable()
export class WarehouseClient {
  /** What `hold` has begun waits for this. */
  release = (): void => {};

  @SideEffect()
  async reserve(sku: string): Promise<void> {
    if (sku === 'ladder') throw new Error(`The warehouse answered 503 for "${sku}"`);
  }

  @SideEffect()
  async hold(): Promise<void> {
    await new Promise<void>((resolve) => (this.release = resolve));
  }
}

@Injectable()
export class Stocktaking {
  constructor(@Inject(WarehouseClient) private readonly warehouse: WarehouseClient) {}

  @Airlock(DropAll)
  async run(): Promise<void> {
    await this.warehouse.reserve('tea');
  }
}

/** One route for each thing that can become of an effect. */
@Controller('orders')
export class OrdersController {
  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(MailService) private readonly mail: MailService,
    @Inject(WarehouseClient) private readonly warehouse: WarehouseClient,
    @Inject(Stocktaking) private readonly stocktaking: Stocktaking,
  ) {}

  @Post()
  async place(): Promise<void> {
    await this.mail.sendReceipt({ email: 'ada@example.com', card: '4111 1111' });
    await this.warehouse.reserve('tea');
  }

  @Post('unpaid')
  async unpaid(): Promise<void> {
    await this.place();
    throw new BadRequestException('Not paid');
  }

  @Post('by-staff')
  @UseAirlockPolicy(new BlockTasks(['MailService.sendReceipt']))
  async byStaff(): Promise<void> {
    await this.place();
  }

  @Post('sold-out')
  async soldOut(): Promise<void> {
    await this.warehouse.reserve('ladder');
  }

  @Post('twice')
  async twice(): Promise<void> {
    await this.mail.sendNewsletter('ada@example.com');
    await this.mail.sendNewsletter('ada@example.com');
  }

  @Post('rolled-back')
  async rolledBack(): Promise<void> {
    const frame = openFrame({ name: 'orders' });
    await frame.run(() => this.place());
    frame.rollBack();
  }

  @Post('committed')
  async committed(): Promise<void> {
    const frame = openFrame({ name: 'orders' });
    await frame.run(() => this.place());
    await frame.commit();
  }

  @Post('counted')
  async counted(): Promise<void> {
    await this.stocktaking.run();
    await this.mail.sendReceipt({ email: 'bob@example.com' });
  }

  @Post('late')
  late(): void {
    setTimeout(() => void this.mail.sendReceipt({ email: 'late@example.com' }), 5);
  }

  @Post('held')
  async held(): Promise<void> {
    await this.warehouse.hold();
  }

  @Post('markup')
  markup(): void {
    this.effects.enqueueWith({ name: MARKUP }, () => {});
  }

  @Post('many/:count')
  many(@Param('count') count: string): void {
    for (let i = 0; i < Number(count); i++)
      this.effects.enqueueWith({ name: `effect ${i}` }, () => {});
  }

  @Get()
  list(): readonly string[] {
    return [];
  }
}

/** A shop with an inspector. */
export function shop(
  inspector: AirlockInspectorOptions = {},
  more: ModuleMetadata = {},
  airlock: AirlockModuleOptions = {},
): Type {
  class Shop {}
  Module({
    ...more,
    imports: [
      AirlockModule.forRoot({ policy: AllowAll, ...airlock }),
      AirlockInspectorModule.forRoot(inspector),
      ...(more.imports ?? []),
    ],
    controllers: [OrdersController, ...(more.controllers ?? [])],
    providers: [Outbox, MailService, WarehouseClient, Stocktaking, ...(more.providers ?? [])],
  })(Shop);
  return Shop;
}

/** A call that nothing has opened a scope for. */
export function callOutside(): void {
  enqueueWith({ name: 'outside' }, () => {});
}
