import { Command, CommandRunner, Option } from 'nest-commander';
import { UseAirlockPolicy } from 'nestjs-airlock';
import { Invoices } from './invoices.js';
import { MailService } from './mail.service.js';
import { NotToBeReminded } from './not-to-be-reminded.policy.js';

/** Nothing here knows of `--dry-run`. */
@Command({ name: 'remind', description: 'reminds customers of overdue invoices' })
@UseAirlockPolicy(NotToBeReminded)
export class RemindCommand extends CommandRunner {
  constructor(
    private readonly invoices: Invoices,
    private readonly mail: MailService,
  ) {
    super();
  }

  async run(_args: string[], { days = 30 }: { days?: number }): Promise<void> {
    const overdue = await this.invoices.overdue(days);
    for (const invoice of overdue) {
      // In the middle of the list, and yet nobody is reminded twice when the command is run again.
      if (invoice.customer === undefined) throw new Error(`Invoice ${invoice.id} has no address`);
      await this.mail.remind(invoice.id, invoice.customer);
    }
    await this.mail.tellAccounts(overdue.length);
  }

  @Option({ flags: '-d, --days <days>', description: 'how long overdue (30 without it)' })
  days(days: string): number {
    const parsed = Number(days);
    if (!Number.isInteger(parsed)) throw new Error(`"${days}" is no number of days`);
    return parsed;
  }
}
