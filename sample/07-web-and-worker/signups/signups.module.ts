import { Module } from '@nestjs/common';
import { MailProvider } from './mail.provider.js';
import { MailService } from './mail.service.js';
import { SignupsController } from './signups.controller.js';

/** Nothing in here knows where effects run. */
@Module({ controllers: [SignupsController], providers: [MailService, MailProvider] })
export class SignupsModule {}
