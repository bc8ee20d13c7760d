import { type Intent, type Policy, SideEffect } from 'nestjs-airlock';

class AuditService {
  @SideEffect()
  async record(_effect: string): Promise<void> {}
}
// …
