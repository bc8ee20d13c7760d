import { Args, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { UseAirlockPolicy, DropAll } from 'nestjs-airlock';
import { NotifierService } from './notifier.service.js';

const SEATS = 10;

@Resolver()
export class BookingsResolver {
  private booked = 0;

  constructor(private readonly notifier: NotifierService) {}

  @Query(() => Int)
  seatsLeft(): number {
    return SEATS - this.booked;
  }

  @Query(() => [String])
  delivered(): readonly string[] {
    return this.notifier.delivered;
  }

  /**
   * Each field of a mutation is a unit of work: one that fails loses its own mails, not those of
   * the fields beside it.
   */
  @Mutation(() => Int, { nullable: true })
  async book(
    @Args('customer') customer: string,
    @Args('seats', { type: () => Int }) seats: number,
  ): Promise<number> {
    await this.notifier.tell(customer, `${seats} seats are yours`); // buffered
    if (seats > SEATS - this.booked) throw new Error(`Only ${SEATS - this.booked} seats are left`);
    return (this.booked += seats);
  }

  /** An import from another system, whose customers have their mail already. */
  @Mutation(() => Int)
  @UseAirlockPolicy(DropAll)
  importBooking(
    @Args('customer') customer: string,
    @Args('seats', { type: () => Int }) seats: number,
  ): Promise<number> {
    return this.book(customer, seats);
  }
}
