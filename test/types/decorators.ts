import {
  Airlock,
  AllowAll,
  BlockTasks,
  DropAll,
  type Intent,
  type Policy,
  SideEffect,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { type Observable, of } from 'rxjs';

class NeedsArguments implements Policy {
  constructor(readonly names: readonly string[]) {}
  allows({ name }: Intent): boolean {
    return this.names.includes(name);
  }
}

export class SideEffects {
  @SideEffect()
  async asynchronous(_order: number): Promise<void> {}
  @SideEffect({ name: 'named', on: 'always', executor: 'mail', policy: [DropAll, new AllowAll()] })
  synchronous(): void {}
  @SideEffect({ dedupeKey: (order: number, reason: string) => `${order} ${reason}` })
  async keyed(_order: number, _reason: string): Promise<void> {}
  @SideEffect({ dedupeKey: 'fixed', survivesRollback: true, dispatchOptions: { delay: 5 } })
  async fixed(): Promise<void> {}

  // @ts-expect-error its value would get lost
  @SideEffect()
  async valued(): Promise<number> {
    return Promise.resolve(1);
  }
  // @ts-expect-error so would this one
  @SideEffect({ name: 'flag' })
  flag(): boolean {
    return true;
  }
  // @ts-expect-error an Observable is a value too
  @SideEffect()
  stream(): Observable<void> {
    return of(undefined);
  }
  // @ts-expect-error one way or the other it may be a value
  @SideEffect()
  maybe(): void | string {}
  // @ts-expect-error no such outcome
  @SideEffect({ on: 'completed' })
  async outcome(): Promise<void> {}
  // @ts-expect-error a key is a string
  @SideEffect({ dedupeKey: (order: number) => order })
  async numbered(_order: number): Promise<void> {}
  // @ts-expect-error no such option
  @SideEffect({ nme: 'typo' })
  async typo(): Promise<void> {}
  // @ts-expect-error only methods can be effects
  @SideEffect()
  property = 7;
}

export class Keys {
  // @ts-expect-error the key is made of other arguments than the method takes
  @SideEffect({ dedupeKey: (order: string) => order })
  async keyed(_order: number): Promise<void> {}
}

export class Scopes {
  @Airlock()
  async asynchronous(): Promise<number> {
    return Promise.resolve(1);
  }
  @Airlock(DropAll)
  promised(): Promise<void> {
    return Promise.resolve();
  }
  @Airlock(new BlockTasks(['Mail.send']))
  observed(): Observable<string> {
    return of('value');
  }
  @Airlock({
    name: 'job',
    policy: [NeedsArguments],
    executor: 'mail',
    dispatchMode: 'failFast',
    onDispatchError: 'report',
  })
  async withOptions(_a: string, _b: number): Promise<void> {}

  // @ts-expect-error nothing tells when a synchronous method's effects may get out
  @Airlock()
  synchronous(): number {
    return 1;
  }
  // @ts-expect-error nor that of one that returns nothing
  @Airlock(DropAll)
  nothing(): void {}
  // @ts-expect-error nor that of one that only sometimes returns a Promise
  @Airlock()
  sometimes(): Promise<number> | number {
    return 1;
  }
  // @ts-expect-error no such mode
  @Airlock({ dispatchMode: 'slow' })
  async mode(): Promise<void> {}
  // @ts-expect-error a scope has no class of its own as a name
  @Airlock({ name: DropAll })
  async named(): Promise<void> {}
  // @ts-expect-error not a policy
  @Airlock('DropAll')
  async text(): Promise<void> {}
}

@UseAirlockPolicy(NeedsArguments, new DropAll())
@SkipAirlock()
export class Handlers {
  @UseAirlockPolicy(new BlockTasks(['Mail.send'], { raiseOnEnqueue: true }))
  @SkipAirlock()
  get(): number {
    return 1;
  }
  // @ts-expect-error at least one policy
  @UseAirlockPolicy()
  none(): void {}
  // @ts-expect-error not a policy
  @UseAirlockPolicy('DropAll')
  text(): void {}
}
