import { Cron, Interval, type SchedulerRegistry, Timeout } from '@nestjs/schedule';

/** A decorator that makes a method tick, by a clock that strikes when it is told to. */
export interface Clock {
  readonly name: string;
  on(name: string): MethodDecorator;
  /** What the clock itself calls. The tick stands where it is called from. */
  strike(registry: SchedulerRegistry, name: string): void;
}

/** None strikes by itself while a test runs. */
const LONG_MS = 2 ** 31 - 1;

export const clocks: readonly Clock[] = [
  {
    name: '@Cron',
    on: (name) => Cron('0 0 0 1 1 *', { name }),
    strike: (registry, name) => void registry.getCronJob(name).fireOnTick(),
  },
  {
    name: '@Interval',
    on: (name) => Interval(name, LONG_MS),
    strike: (registry, name) => goOff(registry.getInterval(name)),
  },
  {
    name: '@Timeout',
    on: (name) => Timeout(name, LONG_MS),
    strike: (registry, name) => goOff(registry.getTimeout(name)),
  },
];

/** Where Node keeps what a timer is to call. */
function goOff(timer: unknown): void {
  (timer as { _onTimeout(): void })._onTimeout();
}
