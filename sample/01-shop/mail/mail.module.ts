import { Module } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { Settings } from '../settings/settings.js';
import { InboxController } from './inbox.controller.js';
import { LocalMailServer } from './local-mail.server.js';
import { MailService } from './mail.service.js';
import { LOCAL_MAIL_SERVER, SMTP } from './mail.tokens.js';

@Module({
  controllers: [InboxController],
  providers: [
    MailService,
    {
      provide: LOCAL_MAIL_SERVER,
      inject: [Settings],
      useFactory: ({ smtpUrl }: Settings) =>
        smtpUrl === undefined ? LocalMailServer.start() : null,
    },
    {
      provide: SMTP,
      inject: [Settings, LOCAL_MAIL_SERVER],
      useFactory: ({ smtpUrl }: Settings, local: LocalMailServer | null) =>
        createTransport(smtpUrl ?? local!.url),
    },
  ],
  exports: [MailService],
})
export class MailModule {}
