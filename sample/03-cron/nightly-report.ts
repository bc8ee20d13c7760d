import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MailService } from './mail.service.js';
import { Tills } from './tills.js';

@Injectable()
export class NightlyReport {
  constructor(
    private readonly tills: Tills,
    private readonly mail: MailService,
  ) {}

  /** A night falls every five seconds here; REPORT_CRON='0 0 3 * * *' is a real one. */
  @Cron(process.env.REPORT_CRON || '*/5 * * * * *', {
    name: 'nightly report',
    waitForCompletion: true,
  })
  async send(): Promise<void> {
    await this.mail.wakeOnCall();
    for (const shop of this.tills.shops) {
      // The next till may not have been counted: mailed at once, this shop would have a report of a
      // night that has none.
      await this.mail.sendReport(await this.tills.count(shop));
    }
  }
}
