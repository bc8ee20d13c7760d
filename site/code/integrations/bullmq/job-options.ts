import { SideEffect } from 'nestjs-airlock';

class MailService {
  // …
}
