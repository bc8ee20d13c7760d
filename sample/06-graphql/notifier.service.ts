import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

/** Stands for a mail server, so that the sample needs none. */
@Injectable()
export class NotifierService {
  readonly delivered: string[] = [];

  @SideEffect()
  async tell(customer: string, text: string): Promise<void> {
    this.delivered.push(`${customer}: ${text}`);
  }
}
