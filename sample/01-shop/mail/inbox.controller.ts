import { Controller, Get, Inject, NotFoundException } from '@nestjs/common';
import type { LocalMailServer, ReceivedMail } from './local-mail.server.js';
import { LOCAL_MAIL_SERVER } from './mail.tokens.js';

@Controller('inbox')
export class InboxController {
  constructor(@Inject(LOCAL_MAIL_SERVER) private readonly server: LocalMailServer | null) {}

  @Get()
  list(): readonly ReceivedMail[] {
    if (this.server === null)
      throw new NotFoundException('Mails go to SMTP_URL, so there is no inbox here.');
    return this.server.inbox;
  }
}
