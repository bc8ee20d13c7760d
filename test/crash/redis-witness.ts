import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

/** The Redis of one run, seen from outside. */
export class RedisWitness {
  private readonly redis: Redis;
  private readonly queue: Queue;

  constructor(
    url: string,
    private readonly run: string,
  ) {
    // It follows a failover, as what it watches does.
    const reconnectOnError = ({ message }: Error) => (message.startsWith('READONLY') ? 2 : false);
    this.redis = new Redis(url, { maxRetriesPerRequest: null, reconnectOnError });
    this.redis.on('error', () => {});
    this.queue = new Queue(run, { connection: this.redis });
    this.queue.on('error', () => {});
  }

  /** How many jobs there are, by state. */
  async jobs(): Promise<ReadonlyMap<string, number>> {
    return new Map(Object.entries(await this.queue.getJobCounts()));
  }

  /**
   * Ends connections of the run; workers of BullMQ name theirs after the queue. @returns how many
   */
  async killClients(): Promise<number> {
    const names = [this.run, `bull:${Buffer.from(this.run).toString('base64')}`];
    const list = (await this.redis.client('LIST', 'TYPE', 'NORMAL')) as string;
    const ids = list
      .split('\n')
      .filter((line) => names.some((name) => line.includes(` name=${name}`)))
      .map((line) => Number(/^id=(\d+)/.exec(line)![1]));
    const killed = await Promise.all(ids.map((id) => this.redis.client('KILL', 'ID', id)));
    return killed.filter((count) => Number(count) > 0).length;
  }

  close(): void {
    this.redis.disconnect();
  }
}
