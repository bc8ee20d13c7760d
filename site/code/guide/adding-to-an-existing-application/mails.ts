import { Injectable } from '@nestjs/common';

declare class Mailer {
  sendMail(mail: { to: string; subject: string }): Promise<void>;
}
// …
