import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { callbackify } from 'node:util';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface ReceivedMail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** An SMTP server in this process, which keeps what it receives. */
export class LocalMailServer implements OnApplicationShutdown {
  private readonly received: ReceivedMail[] = [];
  private readonly server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: callbackify(async (mail: Readable, { envelope }: SMTPServerSession) => {
      const to = envelope.rcptTo.map(({ address }) => address);
      this.received.push({ to, ...parse(await text(mail)) });
    }),
  });

  static async start(): Promise<LocalMailServer> {
    const mails = new LocalMailServer();
    await once(mails.server.listen(0, '127.0.0.1'), 'listening');
    return mails;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  get inbox(): readonly ReceivedMail[] {
    return this.received;
  }

  async onApplicationShutdown(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }
}

/** Enough of RFC 5322 for the plain text this shop sends. */
function parse(source: string): Pick<ReceivedMail, 'subject' | 'text'> {
  const end = source.indexOf('\r\n\r\n');
  const [, subject = ''] = /^Subject: (.*)$/im.exec(source.slice(0, end)) ?? [];
  return { subject: subject.trim(), text: source.slice(end).trim().replaceAll('\r\n', '\n') };
}
