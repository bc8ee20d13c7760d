import { BullModule } from '@nestjs/bullmq';
import type { DynamicModule } from '@nestjs/common';
import type { Queue } from 'bullmq';

// Of @bull-board/nestjs, @bull-board/express and @bull-board/api, which are not installed here.
declare class ExpressAdapter {
  getRouter(): unknown;
}
declare class BullMQAdapter {
  constructor(queue: Queue, options?: { readOnlyMode?: boolean });
}
declare const BullBoardModule: {
  forRoot(options: { route: string; adapter: new () => ExpressAdapter }): DynamicModule;
  forFeature(...queues: { name: string; adapter: typeof BullMQAdapter }[]): DynamicModule;
};
export const imports = [
  // …
];
