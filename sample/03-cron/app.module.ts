import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AirlockModule } from 'nestjs-airlock';
import { MailService } from './mail.service.js';
import { NightlyReport } from './nightly-report.js';
import { Tills } from './tills.js';

@Module({
  imports: [AirlockModule.forRoot(), ScheduleModule.forRoot()],
  providers: [NightlyReport, Tills, MailService],
})
export class AppModule {}
