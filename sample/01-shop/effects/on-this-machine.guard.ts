import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Lets in who asks from the machine that the shop runs on. Yours would ask who is signed in. */
export class OnThisMachine implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { remoteAddress = '' } = context.switchToHttp().getRequest<Request>().socket;
    return /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(remoteAddress);
  }
}
