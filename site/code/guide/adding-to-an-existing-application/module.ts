import { Module } from '@nestjs/common';

declare class MailsModule {}
// …
