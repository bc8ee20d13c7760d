import { Body, ConflictException, Controller, Post } from '@nestjs/common';
import { MailService } from './mail.service.js';

interface Signup {
  readonly email: string;
}

@Controller('signups')
export class SignupsController {
  /** Stands for a table. */
  private readonly emails = new Set<string>();

  constructor(private readonly mail: MailService) {}

  @Post()
  async signUp(@Body() { email }: Signup): Promise<Signup> {
    await this.mail.welcome(email); // buffered; it gets to Redis if the request succeeds
    if (this.emails.has(email)) throw new ConflictException(`${email} has signed up already`);
    this.emails.add(email);
    return { email };
  }
}
