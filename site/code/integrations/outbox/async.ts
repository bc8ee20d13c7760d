import { AirlockOutboxModule } from 'nestjs-airlock/outbox';

declare class PrismaModule {}
declare class PrismaService {
  $queryRawUnsafe(sql: string, ...values: readonly unknown[]): Promise<unknown>;
}
// …
