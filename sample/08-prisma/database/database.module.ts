import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { AirlockPrismaModule } from 'nestjs-airlock/prisma';
import { EmbeddedDatabase } from './embedded.database.js';
import { PrismaService } from './prisma.service.js';

@Module({
  imports: [AirlockPrismaModule.forRoot()],
  providers: [
    { provide: EmbeddedDatabase, useFactory: () => EmbeddedDatabase.open() },
    {
      provide: PrismaService,
      inject: [EmbeddedDatabase],
      useFactory: ({ url }: EmbeddedDatabase) => new PrismaService(url),
    },
  ],
  exports: [PrismaService],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly prisma: PrismaService,
    private readonly database: EmbeddedDatabase,
  ) {}

  /** Not in `onModuleDestroy`: effects of the last requests may still be going out then. */
  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
    await this.database.close();
  }
}
