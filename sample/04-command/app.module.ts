import { Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { Invoices } from './invoices.js';
import { MailService } from './mail.service.js';
import { NotToBeReminded } from './not-to-be-reminded.policy.js';
import { RemindCommand } from './remind.command.js';

@Module({
  imports: [AirlockModule.forRoot()],
  providers: [RemindCommand, Invoices, MailService, NotToBeReminded],
})
export class AppModule {}
